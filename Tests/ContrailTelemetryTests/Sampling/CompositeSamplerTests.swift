import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailTelemetry

@Suite("CompositeSampler")
struct CompositeSamplerTests {
    struct Table: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable, Sendable {
        struct Parent: Decodable, Sendable {
            let sampled: Bool
            let state: String
        }

        let sampler: String
        let ratio: Double?
        let traceID: String
        let parent: Parent?
        let sampled: Bool
        let state: String

        var composable: any Telemetry.ComposableSampler {
            let share = Telemetry.ComposableProbability(ratio: ratio ?? 1)
            return switch sampler {
            case "on": Telemetry.ComposableAlwaysOn()
            case "off": Telemetry.ComposableAlwaysOff()
            case "parent": Telemetry.ComposableParentThreshold(root: share)
            default: share
            }
        }
    }

    /// Counts how often chance was asked.
    private final class CountedRandom: RandomSource {
        let asked = Locked(0)
        let value: UInt64
        init(_ value: UInt64) { self.value = value }
        func next() -> UInt64 {
            asked.withLock { $0 += 1 }
            return value
        }
    }

    private struct Fixed: Telemetry.ComposableSampler {
        let fixed: Telemetry.SamplingIntent
        var description: String { "Fixed" }
        func intent(for candidate: Telemetry.SamplingCandidate) -> Telemetry.SamplingIntent { fixed }
    }

    private func candidate(
        _ parent: Telemetry.SpanContext?, traceID: Telemetry.TraceID = makeSpanContext().traceID, name: String = "x"
    ) -> Telemetry.SamplingCandidate {
        Telemetry.SamplingCandidate(parent: parent, traceID: traceID, name: name)
    }

    private static let half = Telemetry.SamplingThreshold(probability: 0.5)

    @Test func decidesAsThePythonSDKDoes() throws {
        let cases = vectors("composite-sampler.json", as: Table.self)?.cases ?? []
        #expect(cases.count >= 400)
        for row in cases {
            let traceID = try #require(Telemetry.TraceID(hex: row.traceID))
            var parent = row.parent.map {
                makeSpanContext($0.sampled ? [.sampled, .random] : .random, state: $0.state)
            }
            parent?.traceID = traceID
            let result = Telemetry.CompositeSampler(row.composable).sample(candidate(parent, traceID: traceID))
            #expect(result.decision == (row.sampled ? .recordAndSample : .drop), "\(row)")
            #expect(result.traceState ?? parent?.traceState ?? "" == row.state, "\(row)")
        }
    }

    @Test func aDroppedSpanLosesTheThreshold() {
        let parent = makeSpanContext(state: "ot=th:8,v=1")
        let result = Telemetry.CompositeSampler(Telemetry.ComposableAlwaysOff()).sample(candidate(parent))
        #expect(result.traceState == "v=1")
    }

    /// The parent's flag and its threshold contradict each other: the threshold is not to be believed.
    @Test(arguments: [
        ("ot=th:8;rv:7fffffffffffff", true, ""), ("ot=th:8;rv:80000000000000", false, ""),
        ("ot=th:8;rv:80000000000000", true, "th:8;"),
    ]) func aThresholdThatContradictsTheFlagIsErased(state: String, isSampled: Bool, left: String) {
        let sampler = Telemetry.CompositeSampler(
            Telemetry.ComposableParentThreshold(root: Telemetry.ComposableAlwaysOn()))
        let result = sampler.sample(candidate(makeSpanContext(isSampled ? .sampled : [], state: state)))
        #expect(result.decision == (isSampled ? .recordAndSample : .drop))
        let kept = result.traceState ?? state
        #expect(kept.hasPrefix("ot=\(left)rv:"))
    }

    @Test(arguments: [(UInt64(0x7FFF_FFFF_FFFF_FF00), false), (0x8000_0000_0000_0000, true)])
    func anUnreliableThresholdHasAChanceOfItsOwn(bits: UInt64, isKept: Bool) {
        let random = CountedRandom(bits)
        let intent = Telemetry.SamplingIntent(threshold: Self.half, isThresholdReliable: false)
        let result = Telemetry.CompositeSampler(Fixed(fixed: intent), random: random).sample(
            candidate(makeSpanContext(state: "ot=rv:00000000000000")))
        #expect(result.decision == (isKept ? .recordAndSample : .drop))
        #expect(result.traceState == nil)
        #expect(random.asked.withLock { $0 } == 1)
    }

    @Test func aReliableThresholdAsksNoChance() {
        let random = CountedRandom(0)
        let sampler = Telemetry.CompositeSampler(Telemetry.ComposableProbability(ratio: 0.5), random: random)
        _ = sampler.sample(candidate(nil))
        #expect(random.asked.withLock { $0 } == 0)
    }

    @Test func otherVendorsStateMayBeChangedButNotOurs() {
        let intent = Telemetry.SamplingIntent(
            threshold: Telemetry.SamplingThreshold.keepsAll, isThresholdReliable: true,
            changeTraceState: { list, decision in
                var list = list
                list.set("v", to: decision == .drop ? "0" : "1")
                list.set("ot", to: "rv:11111111111111")
                return list
            })
        let parent = makeSpanContext(state: "v=9,ot=rv:00000000000000")
        let result = Telemetry.CompositeSampler(Fixed(fixed: intent)).sample(candidate(parent))
        #expect(result.traceState == "ot=th:0;rv:00000000000000,v=1")
    }

    @Test func anEntryWithoutRoomGoesOnWithoutAThreshold() {
        let others = "rv:00000000000000;z:" + String(repeating: "z", count: 236)
        let parent = makeSpanContext(state: "ot=\(others)")
        let result = Telemetry.CompositeSampler(Telemetry.ComposableAlwaysOn()).sample(candidate(parent))
        #expect(result.decision == .recordAndSample && result.traceState == nil)
    }

    /// Room for 256 characters: what does not fit with the threshold goes on without one, rather than with an old one.
    @Test(arguments: [("0", "th:0;"), ("8", "th:8;"), ("88", ""), ("fd70a3d70a3d7", "")])
    func aThresholdNeedsRoom(digits: String, expected: String) throws {
        let room = 256 - "th:0;".count
        let others = "z:" + String(repeating: "z", count: room - 2)
        let threshold = try #require(Telemetry.SamplingThreshold(text: digits[...]))
        let intent = Telemetry.SamplingIntent(threshold: threshold, isThresholdReliable: true)
        let parent = makeSpanContext(state: "ot=th:1;\(others)")
        let result = Telemetry.CompositeSampler(Fixed(fixed: intent)).sample(
            candidate(parent, traceID: Telemetry.TraceID(bits: 1, .max)))
        #expect(result.decision == .recordAndSample)
        #expect(result.traceState == "ot=\(expected)\(others)")
    }

    /// The list says who wrote last: who changes nothing does not go to its front (W3C Trace Context Level 2 §3.5).
    @Test func anUnchangedEntryKeepsItsPlace() {
        let parent = makeSpanContext(state: "v=1,ot=th:0")
        #expect(Telemetry.CompositeSampler(Telemetry.ComposableAlwaysOn()).sample(candidate(parent)).traceState == nil)
        let changed = makeSpanContext(state: "v=1,ot=th:8")
        let result = Telemetry.CompositeSampler(Telemetry.ComposableAlwaysOn()).sample(candidate(changed))
        #expect(result.traceState == "ot=th:0,v=1")
    }

    /// Not ours to throw away.
    @Test func randomnessThatIsNotValidGoesOnAsItCame() {
        let parent = makeSpanContext(state: "ot=rv:zz;a:b")
        let result = Telemetry.CompositeSampler(Telemetry.ComposableAlwaysOn()).sample(candidate(parent))
        #expect(result.traceState == "ot=th:0;rv:zz;a:b")
    }

    @Test func rulesAreAskedInOrder() {
        let rules = Telemetry.ComposableRuleBased([
            .init("health", sampler: Telemetry.ComposableAlwaysOff()) { $0.name == "health" },
            .init("root", sampler: Telemetry.ComposableAlwaysOn()) { $0.parent == nil },
        ])
        let sampler = Telemetry.CompositeSampler(rules)
        #expect(sampler.sample(candidate(nil, name: "health")).decision == .drop)
        #expect(sampler.sample(candidate(nil)).decision == .recordAndSample)
        #expect(sampler.sample(candidate(makeSpanContext())).decision == .drop)
    }

    @Test func onlyKeptSpansAreAnnotated() {
        func attributes(_ delegate: any Telemetry.ComposableSampler) -> [Telemetry.Attribute] {
            let annotating = Telemetry.ComposableAnnotating([.init("why", .string("rule"))], to: delegate)
            return Telemetry.CompositeSampler(annotating).sample(candidate(nil)).attributes
        }
        #expect(attributes(Telemetry.ComposableAlwaysOn()) == [.init("why", .string("rule"))])
        #expect(attributes(Telemetry.ComposableAlwaysOff()).isEmpty)
    }

    @Test func theOuterAnnotationWins() {
        let inner = Telemetry.ComposableAnnotating([.init("a", .int(1))], to: Telemetry.ComposableAlwaysOn())
        let outer = Telemetry.ComposableAnnotating([.init("a", .int(2))], to: inner)
        let fixture = Fixture(sampler: Telemetry.CompositeSampler(outer))
        fixture.tracer.startSpan("x", parent: nil).end()
        #expect(fixture.ended.first?.attributes == [.init("a", .int(2))])
    }

    @Test func samplersTellWhatTheyAre() {
        let sampler = Telemetry.CompositeSampler(
            Telemetry.ComposableParentThreshold(
                root: Telemetry.ComposableRuleBased([
                    .init("a", sampler: Telemetry.ComposableProbability(ratio: 0.25)) { _ in true },
                    .init(
                        "b", sampler: Telemetry.ComposableAnnotating([], to: Telemetry.ComposableAlwaysOn())
                    ) { _ in true },
                ])))
        #expect(
            sampler.description == """
                CompositeSampler{ComposableParentThreshold{root=ComposableRuleBased{a=ComposableProbability{0.25},\
                b=ComposableAnnotating{ComposableAlwaysOn}}}}
                """)
        #expect(Telemetry.ProbabilitySampler(ratio: 0.25).description == "ProbabilitySampler{0.25}")
    }
}

@Suite("ProbabilitySampler")
struct ProbabilitySamplerTests {
    /// The whole way: from a root through a child to what goes on the wire.
    @Test func theThresholdTravelsWithTheTrace() {
        let sampler = Telemetry.ParentBasedSampler(root: Telemetry.ProbabilitySampler(ratio: 1))
        let tracer = Fixture(sampler: sampler).tracer
        let root = tracer.startSpan("root", parent: nil)
        #expect(root.spanContext.traceState == "ot=th:0")
        #expect(tracer.startSpan("child", parent: root.spanContext).spanContext.traceState == "ot=th:0")
    }

    @Test(arguments: [
        (0.0, 0.0), (-1, 0), (.nan, 0), (-.infinity, 0), (0.25, 0.25), (1, 1), (1.5, 1), (.infinity, 1),
    ]) func takesAnyNumber(given: Double, ratio: Double) {
        #expect(Telemetry.ProbabilitySampler(ratio: given).ratio == ratio)
        #expect(Telemetry.ComposableProbability(ratio: given).ratio == ratio)
    }

    @Test func ignoresTheParentsFlag() {
        for flags in [Telemetry.TraceFlags.sampled, []] {
            let candidate = Telemetry.SamplingCandidate(
                parent: makeSpanContext(flags), traceID: makeSpanContext().traceID, name: "x")
            #expect(Telemetry.ProbabilitySampler(ratio: 1).sample(candidate).decision == .recordAndSample)
            #expect(Telemetry.ProbabilitySampler(ratio: 0).sample(candidate).decision == .drop)
        }
    }

    @Test func aHigherRatioKeepsWhatALowerOneKeeps() {
        let generator = Telemetry.RandomIDGenerator(random: SeededRandom(seed: 1))
        let samplers = [0, 0.001, 0.1, 0.5, 0.9, 1].map(Telemetry.ProbabilitySampler.init(ratio:))
        var counts = Array(repeating: 0, count: samplers.count)
        for _ in 0..<2_000 {
            let candidate = Telemetry.SamplingCandidate(parent: nil, traceID: generator.makeTraceID(), name: "x")
            let kept = samplers.map { $0.sample(candidate).decision == .recordAndSample }
            for (lower, higher) in zip(kept, kept.dropFirst()) { #expect(!lower || higher) }
            for (index, isKept) in kept.enumerated() where isKept { counts[index] += 1 }
        }
        for (sampler, count) in zip(samplers, counts) { #expect(abs(Double(count) - sampler.ratio * 2_000) < 120) }
    }
}

@Suite("SamplingThreshold")
struct SamplingThresholdTests {
    /// The examples of the specification, and the ends of the range.
    @Test(arguments: [(1.0, "0"), (0.5, "8"), (0.25, "c"), (0x1p-56, "ffffffffffffff"), (2, "0")])
    func probabilitiesBecomeThresholds(probability: Double, text: String) throws {
        let threshold = try #require(Telemetry.SamplingThreshold(probability: probability))
        #expect(threshold.text == text)
        #expect(threshold.probability == min(probability, 1))
        #expect(Telemetry.SamplingThreshold(text: text[...]) == threshold)
    }

    @Test(arguments: [0.0, -1, 0x1p-58, .nan, -.infinity]) func nothingIsNoThreshold(probability: Double) {
        #expect(Telemetry.SamplingThreshold(probability: probability) == nil)
    }

    @Test func onePercentIsTheSpecificationsToFiveDigits() {
        #expect(Telemetry.SamplingThreshold(probability: 0.01)?.text.prefix(5) == "fd70a")
    }

    @Test(arguments: ["", "C", "0x8", "+8", " 8", "fffffffffffffff", "g"]) func otherTextsAreNone(text: String) {
        #expect(Telemetry.SamplingThreshold(text: text[...]) == nil)
    }

    @Test(arguments: [
        "", "th:", "th:G;rv:short", "rv:0", "rv:000000000000000", ";;;", "th", "rv:0000000000000G", "a:b",
    ])
    func whatIsNotValidIsNoState(entry: String) {
        let state = SamplingState(Telemetry.TraceState("ot=\(entry)"))
        #expect(state.threshold == nil && state.randomness == nil)
    }
}
