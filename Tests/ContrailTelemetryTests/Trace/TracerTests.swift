import ContrailTesting
import Testing
import Tracing

@testable import ContrailTelemetry

/// Samples what has the attribute `keep` or a link, and says what it saw.
private struct LookingSampler: Telemetry.Sampler {
    var description: String { "LookingSampler" }
    func sample(_ candidate: Telemetry.SamplingCandidate) -> Telemetry.SamplingResult {
        let keeps = candidate.attributes.contains { $0.key == "keep" } || !candidate.links.isEmpty
        let seen = "\(candidate.name) \(candidate.kind) \(candidate.parent?.spanID.description ?? "root")"
        return Telemetry.SamplingResult(
            keeps ? .recordAndSample : .drop, attributes: [.init("seen", .string(seen))])
    }
}

@Suite("Tracer")
struct TracerTests {
    @Test func aRootHasATraceOfItsOwnAndTheRandomFlag() {
        let fixture = Fixture()
        let (a, b) = (fixture.tracer.startSpan("a", parent: nil), fixture.tracer.startSpan("b", parent: nil))
        #expect(a.spanContext.traceID != b.spanContext.traceID)
        #expect(a.spanContext.flags == [.sampled, .random])
        #expect(a.parentSpanID == nil)
        #expect(!a.spanContext.isRemote)
    }

    @Test func aChildContinuesTheTrace() {
        let fixture = Fixture()
        let parent = makeSpanContext(.sampled, state: "a=1", isRemote: true)
        let child = fixture.tracer.startSpan("x", parent: parent)
        #expect(child.spanContext.traceID == parent.traceID)
        #expect(child.spanContext.spanID != parent.spanID)
        #expect(child.spanContext.traceState == "a=1")
        #expect(!child.spanContext.isRemote)
        #expect(child.parentIsRemote)
    }

    /// The random flag is the root's, whatever this process would have done (W3C Trace Context Level 2 §3.2.2.5.2).
    @Test(arguments: [UInt8(0), 1, 2, 3]) func aChildKeepsTheRandomFlagAsItIs(flags: UInt8) {
        let parent = makeSpanContext(Telemetry.TraceFlags(rawValue: flags), isRemote: true)
        let child = Fixture().tracer.startSpan("x", parent: parent)
        #expect(child.spanContext.flags == parent.flags)
    }

    @Test func samplersSeeAttributesAndLinksAtTheStart() throws {
        let fixture = Fixture(sampler: LookingSampler())
        fixture.tracer.startSpan("plain", parent: nil).end()
        fixture.tracer.startSpan(
            "kept", parent: makeSpanContext(), kind: .client, attributes: [.init("keep", .bool(true))]
        )
        .end()
        fixture.tracer.startSpan("linked", parent: nil, links: [.init(context: makeSpanContext())]).end()
        #expect(fixture.ended.map(\.name) == ["kept", "linked"])
        let seen = Telemetry.Attribute("seen", .string("kept client b7ad6b7169203331"))
        #expect(fixture.ended.first?.attributes == [.init("keep", .bool(true)), seen])
    }

    @Test(
        arguments: [
            (nil, "a=1"), ("", ""), ("b=2", "b=2"),
        ] as [(String?, String)])
    func theSamplerDecidesAboutTheTraceState(returned: String?, expected: String) {
        let sampler = FixedSampler(result: .init(.recordAndSample, traceState: returned))
        let span = Fixture(sampler: sampler).tracer.startSpan("x", parent: makeSpanContext(state: "a=1"))
        #expect(span.spanContext.traceState == expected)
    }

    @Test func recordOnlyIsRecordedButNotMarkedAsSampled() {
        let fixture = Fixture(sampler: FixedSampler(result: .init(.recordOnly)))
        let span = fixture.tracer.startSpan("x", parent: makeSpanContext())
        #expect(span.isRecording)
        #expect(!span.spanContext.flags.contains(.sampled))
        span.end()
        #expect(fixture.ended.count == 1)
    }

    @Test func processorsHearOfRecordingSpansOnly() {
        let fixture = Fixture()
        fixture.tracer.startSpan("kept", parent: makeSpanContext(.sampled)).end()
        fixture.tracer.startSpan("dropped", parent: makeSpanContext([])).end()
        #expect(fixture.processor.started == ["kept"])
        #expect(fixture.ended.map(\.name) == ["kept"])
    }

    @Test func uniqueAttributesAreTakenWithoutALook() throws {
        let fixture = Fixture()
        var attributes: [Telemetry.Attribute] = []
        attributes.reserveCapacity(16)
        attributes.append(.init("a", .int(1)))
        let span = fixture.tracer.startSpan("x", parent: nil, kind: .client, uniqueAttributes: attributes)
        span.setAttribute("b", .int(2))
        span.end()
        #expect(fixture.ended.first?.attributes == [.init("a", .int(1)), .init("b", .int(2))])
    }

    @Test func sameSeedSameIDs() {
        func spans() -> [Telemetry.SpanContext] {
            let provider = Telemetry.TracerProvider(
                resource: Telemetry.Resource(), processors: [],
                idGenerator: Telemetry.RandomIDGenerator(random: SeededRandom(seed: 1)))
            let tracer = provider.tracer(name: "")
            return (0..<5).map { _ in tracer.startSpan("x", parent: nil).spanContext }
        }
        #expect(spans() == spans())
    }
}

@Suite("Spans that are not recorded")
struct NonRecordingSpanTests {
    @Test func aDroppedSpanKeepsTheChain() throws {
        let fixture = Fixture(sampler: Telemetry.AlwaysOffSampler())
        let parent = makeSpanContext(state: "a=1", isRemote: true)
        let span = fixture.tracer.startSpan("x", parent: parent)
        #expect(!span.isRecording)
        #expect(span.spanContext.traceID == parent.traceID)
        #expect(span.spanContext.spanID != parent.spanID)
        #expect(span.spanContext.flags == .random)
        #expect(span.spanContext.traceState == "a=1")
        var headers: [String: String] = [:]
        fixture.tracer.inject(span.context, into: &headers, using: HeaderCarrier())
        #expect(headers == ["traceparent": span.spanContext.traceparent, "tracestate": "a=1"])
        #expect(span.spanContext.traceparent.hasSuffix("-02"))
    }

    @Test func aDroppedSpanKeepsTheOtherValues() {
        let fixture = Fixture(sampler: Telemetry.AlwaysOffSampler())
        var values = fixture.tracer.startSpan("outer", parent: nil).context
        values[OtherKey.self] = 7
        let span = fixture.tracer.startSpan("x", in: values)
        #expect(span.context[OtherKey.self] == 7)
        #expect(span.context.spanContext == span.spanContext)
    }

    @Test func itIgnoresWhatItIsTold() {
        let fixture = Fixture(sampler: Telemetry.AlwaysOffSampler())
        let span = fixture.tracer.startSpan("x", parent: nil, attributes: [.init("a", .int(1))])
        span.setAttribute("a", .int(1))
        span.attributes["b"] = 1
        span.addEvent(.init(name: "e", nanoseconds: 1))
        span.setStatus(.ok)
        span.operationName = "y"
        span.end()
        #expect(span.attributes.isEmpty)
        #expect(span.operationName == "x")
        #expect(fixture.ended.isEmpty)
        #expect(fixture.provider.abandonedSpans == 0)
    }

    @Test func afterTheShutdownSpansAreNotRecordedButTheChainHolds() async {
        let fixture = Fixture()
        #expect(fixture.tracer.isEnabled)
        let before = fixture.tracer.startSpan("before", parent: nil)
        let result = await fixture.provider.shutdown(timeout: .seconds(1))
        #expect(result == .success)
        #expect(!fixture.tracer.isEnabled)
        let after = fixture.tracer.startSpan("after", parent: makeSpanContext())
        #expect(!after.isRecording)
        #expect(after.spanContext.traceID == makeSpanContext().traceID)
        before.end()
        #expect(!before.isRecording)
    }
}
