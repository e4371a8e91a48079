import ContrailTesting
import Testing
import Tracing

@testable import ContrailTelemetry

@Suite("TraceIDRatioSampler")
struct TraceIDRatioSamplerTests {
    struct Table: Decodable {
        let cases: [Case]
        let goAndRust: [Case]
    }

    struct Case: Decodable, Sendable {
        let ratio: Double
        let traceID: String
        let sampled: Bool
    }

    static let table = vectors("trace-id-ratio.json", as: Table.self)

    private func expect(_ cases: [Case]) throws {
        for row in cases {
            let traceID = try #require(Telemetry.TraceID(hex: row.traceID))
            let result = Telemetry.TraceIDRatioSampler(ratio: row.ratio).sample(
                .init(parent: nil, traceID: traceID, name: ""))
            #expect(result.decision == (row.sampled ? .recordAndSample : .drop), "\(row)")
        }
    }

    @Test func decidesAsThePythonSDKDoes() throws {
        let cases = try #require(Self.table).cases
        #expect(cases.count >= 200)
        try expect(cases)
    }

    @Test func decidesAsTheGoAndRustSDKsDo() throws {
        let cases = try #require(Self.table).goAndRust
        #expect(cases.count >= 40)
        try expect(cases)
    }

    @Test(arguments: [
        (0.0, 0.0), (-1, 0), (.nan, 0), (-.infinity, 0), (0.25, 0.25), (1, 1), (1.5, 1), (.infinity, 1),
    ]) func takesAnyNumber(given: Double, ratio: Double) {
        #expect(Telemetry.TraceIDRatioSampler(ratio: given).ratio == ratio)
    }

    @Test func aHigherRatioKeepsWhatALowerOneKeeps() {
        let generator = Telemetry.RandomIDGenerator(random: SeededRandom(seed: 1))
        let samplers = [0, 0.001, 0.1, 0.3, 0.5, 0.9, 1].map(Telemetry.TraceIDRatioSampler.init(ratio:))
        var counts = Array(repeating: 0, count: samplers.count)
        for _ in 0..<10_000 {
            let traceID = generator.makeTraceID()
            let kept = samplers.map { $0.isSampled(traceID) }
            for (lower, higher) in zip(kept, kept.dropFirst()) { #expect(!lower || higher) }
            for (index, isKept) in kept.enumerated() where isKept { counts[index] += 1 }
        }
        for (sampler, count) in zip(samplers, counts) { #expect(abs(Double(count) - sampler.ratio * 10_000) < 250) }
        #expect(counts.first == 0 && counts.last == 10_000)
    }

    @Test func describesItselfAsTheSpecificationDoes() {
        #expect(Telemetry.TraceIDRatioSampler(ratio: 0.25).description == "TraceIdRatioBased{0.25}")
    }

    @Test func ignoresTheParentUnlessParentBased() {
        let parent = makeSpanContext([.sampled, .random])
        let none = Telemetry.TraceIDRatioSampler(ratio: 0)
        #expect(!Fixture(sampler: none).tracer.startSpan("x", parent: parent).isRecording)
        let root = Fixture(sampler: Telemetry.ParentBasedSampler(root: none)).tracer
        #expect(root.startSpan("x", parent: parent).isRecording)
        #expect(!root.startSpan("x", parent: nil).isRecording)
    }

    /// The provider answers for plain samplers itself: it has to answer as they would.
    @Test func theShortWayDecidesAsTheSamplerDoes() {
        let generator = Telemetry.RandomIDGenerator(random: SeededRandom(seed: 2))
        let half = Telemetry.TraceIDRatioSampler(ratio: 0.5)
        let samplers: [any Telemetry.Sampler] = [
            half, Telemetry.AlwaysOnSampler(), Telemetry.AlwaysOffSampler(), Telemetry.ParentBasedSampler(),
            Telemetry.ParentBasedSampler(root: half), Telemetry.ParentBasedSampler(root: Telemetry.AlwaysOffSampler()),
        ]
        let parents: [Telemetry.SpanContext?] = [
            nil, makeSpanContext(.sampled), makeSpanContext([]), makeSpanContext(.sampled, isRemote: true),
            makeSpanContext([], isRemote: true),
        ]
        for sampler in samplers {
            if case .ask = SamplingRule(sampler) { Issue.record("\(sampler.description) has no short way") }
            for parent in parents {
                for requested in [nil, .denied, .accepted, .debug, .deferred] as [Telemetry.RequestedSampling?] {
                    var context = ServiceContext.topLevel
                    context.requestedSampling = requested
                    let traceID = parent?.traceID ?? generator.makeTraceID()
                    let candidate = Telemetry.SamplingCandidate(
                        parent: parent, context: context, traceID: traceID, name: "x")
                    let short = SamplingRule(sampler).result(parent: parent, values: context, traceID, candidate)
                    #expect(
                        short == sampler.sample(candidate), "\(sampler.description) \(String(describing: requested))")
                }
            }
        }
    }
}
