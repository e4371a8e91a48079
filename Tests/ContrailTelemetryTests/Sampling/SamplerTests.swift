import ContrailTesting
import Testing
import Tracing

@testable import ContrailTelemetry

@Suite("Samplers")
struct SamplerTests {
    private func candidate(parent: Telemetry.SpanContext?) -> Telemetry.SamplingCandidate {
        Telemetry.SamplingCandidate(parent: parent, traceID: makeSpanContext().traceID, name: "x")
    }

    @Test func constantSamplersDecideAlike() {
        #expect(Telemetry.AlwaysOnSampler().sample(candidate(parent: nil)).decision == .recordAndSample)
        #expect(Telemetry.AlwaysOffSampler().sample(candidate(parent: makeSpanContext())).decision == .drop)
        #expect(Telemetry.AlwaysOnSampler().description == "AlwaysOnSampler")
        #expect(Telemetry.AlwaysOffSampler().description == "AlwaysOffSampler")
    }

    @Test func followsTheParentByDefault() {
        let sampler = Telemetry.ParentBasedSampler()
        #expect(sampler.sample(candidate(parent: nil)).decision == .recordAndSample)
        for isRemote in [true, false] {
            let on = makeSpanContext(.sampled, isRemote: isRemote)
            #expect(sampler.sample(candidate(parent: on)).decision == .recordAndSample)
            let off = makeSpanContext(.random, isRemote: isRemote)
            #expect(sampler.sample(candidate(parent: off)).decision == .drop)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4]) func asksTheSamplerForThisKindOfParent(chosen: Int) {
        func sampler(_ index: Int) -> any Telemetry.Sampler {
            index == chosen ? Telemetry.AlwaysOnSampler() : Telemetry.AlwaysOffSampler()
        }
        let parentBased = Telemetry.ParentBasedSampler(
            root: sampler(0), remoteSampled: sampler(1), remoteNotSampled: sampler(2), localSampled: sampler(3),
            localNotSampled: sampler(4))
        let parents: [Telemetry.SpanContext?] = [
            nil, makeSpanContext(.sampled, isRemote: true), makeSpanContext([], isRemote: true),
            makeSpanContext(.sampled), makeSpanContext([]),
        ]
        for (index, parent) in parents.enumerated() {
            let decision = parentBased.sample(candidate(parent: parent)).decision
            #expect(decision == (index == chosen ? .recordAndSample : .drop))
        }
    }

    @Test func describesItselfAsTheSpecificationDoes() {
        #expect(
            Telemetry.ParentBasedSampler().description == """
                ParentBased{root=AlwaysOnSampler,remoteParentSampled=AlwaysOnSampler,\
                remoteParentNotSampled=AlwaysOffSampler,localParentSampled=AlwaysOnSampler,\
                localParentNotSampled=AlwaysOffSampler}
                """)
    }

    @Test(arguments: [
        (Telemetry.SamplingResult.Decision.drop, Telemetry.SamplingResult.Decision.recordOnly),
        (.recordOnly, .recordOnly), (.recordAndSample, .recordAndSample),
    ])
    func alwaysRecordTurnsDroppingIntoRecording(
        root: Telemetry.SamplingResult.Decision, expected: Telemetry.SamplingResult.Decision
    ) {
        let result = Telemetry.SamplingResult(root, attributes: [.init("a", .int(1))], traceState: "b=1")
        let sampler = Telemetry.AlwaysRecordSampler(root: FixedSampler(result: result))
        var kept = result
        kept.decision = expected
        #expect(sampler.sample(candidate(parent: nil)) == kept)
        #expect(sampler.description == "AlwaysRecordSampler{FixedSampler}")
    }

    /// Processors see what is recorded only; exporters do not (OTel Trace SDK, "Sampling").
    @Test(.timeLimit(.minutes(1))) func recordedOnlySpansAreSeenButNotExported() async {
        let (exporter, watcher) = (InMemorySpanExporter(), RecordingProcessor())
        let provider = Telemetry.TracerProvider(
            resource: Telemetry.Resource(),
            sampler: Telemetry.AlwaysRecordSampler(root: Telemetry.AlwaysOffSampler()),
            processors: [watcher, Telemetry.SimpleSpanProcessor(exporter: exporter, resource: Telemetry.Resource())])
        provider.tracer(name: "t").startSpan("x", parent: nil).end()
        #expect(await provider.forceFlush() == .success)
        #expect(watcher.ended.map(\.name) == ["x"])
        #expect(exporter.spans.isEmpty)
    }
}

/// What B3 and Jaeger can ask for beyond the sampled flag.
@Suite("Requested sampling")
struct RequestedSamplingTests {
    static let rows: [(Telemetry.RequestedSampling, parentFlags: Telemetry.TraceFlags?, recorded: Bool)] = [
        (.denied, nil, false), (.accepted, nil, true), (.debug, nil, true), (.deferred, nil, true),
        (.denied, .sampled, true), (.debug, [], true), (.deferred, [], true), (.accepted, [], false),
    ]

    @Test(arguments: rows) func parentBasedFollowsIt(
        requested: Telemetry.RequestedSampling, parentFlags: Telemetry.TraceFlags?, recorded: Bool
    ) {
        var context = ServiceContext.topLevel
        context.requestedSampling = requested
        context.spanContext = parentFlags.map { makeSpanContext($0, isRemote: true) }
        #expect(Fixture().tracer.startSpan("x", in: context).isRecording == recorded)
    }

    @Test func aDeferredDecisionIsTheRoots() {
        var context = ServiceContext.topLevel
        context.requestedSampling = .deferred
        context.spanContext = makeSpanContext([], isRemote: true)
        let none = Telemetry.ParentBasedSampler(root: Telemetry.AlwaysOffSampler())
        #expect(!Fixture(sampler: none).tracer.startSpan("x", in: context).isRecording)
    }

    /// Below our own span it has been decided: the children follow, and are sent on as decided.
    @Test func belowASpanOfOursItIsSettled() {
        var context = ServiceContext.topLevel
        context.requestedSampling = .deferred
        context.spanContext = makeSpanContext([], isRemote: true)
        let fixture = Fixture(sampler: Telemetry.ParentBasedSampler(root: Telemetry.AlwaysOffSampler()))
        let dropped = fixture.tracer.startSpan("x", in: context)
        #expect(!Fixture().tracer.startSpan("child", in: dropped.context).isRecording)
        var headers: [String: String] = [:]
        Telemetry.B3Propagator().inject(dropped.context, into: &headers, using: HeaderCarrier())
        #expect(headers == ["b3": "\(dropped.spanContext.traceID)-\(dropped.spanContext.spanID)-0"])
    }

    @Test func debugIsToldToEveryoneBelow() {
        var context = ServiceContext.topLevel
        Telemetry.B3Propagator().extract(["b3": "d"], into: &context, using: HeaderCarrier())
        let span = Fixture().tracer.startSpan("x", in: context)
        var headers: [String: String] = [:]
        Telemetry.B3Propagator(.multi).inject(span.context, into: &headers, using: HeaderCarrier())
        #expect(headers["x-b3-flags"] == "1" && headers["x-b3-sampled"] == nil)
        #expect(headers["x-b3-traceid"] == "\(span.spanContext.traceID)")
    }
}
