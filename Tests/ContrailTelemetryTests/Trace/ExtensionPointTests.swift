import ContrailBase
import ContrailTesting
import Testing
import Tracing

@testable import ContrailTelemetry

/// What a program can put in the place of what is built in.
@Suite("Extension points", .timeLimit(.minutes(1)))
struct ExtensionPointTests {
    /// Counts up, and says that its ids are not random.
    private final class CountingIDs: Telemetry.IDGenerator {
        private let last = Locked<UInt64>(0)
        var makesRandomTraceIDs: Bool { false }
        private func next() -> UInt64 {
            last.withLock { last in
                last += 1
                return last
            }
        }
        func makeTraceID() -> Telemetry.TraceID { Telemetry.TraceID(bits: 0, next()) }
        func makeSpanID() -> Telemetry.SpanID { Telemetry.SpanID(bits: next()) }
    }

    @Test func ownIDsAreTakenAndDecideAboutTheRandomFlag() {
        let provider = Telemetry.TracerProvider(resource: .init(), processors: [], idGenerator: CountingIDs())
        let tracer = provider.tracer(name: "t")
        let root = tracer.startSpan("x", parent: nil)
        #expect(root.spanContext.traceparent == "00-00000000000000000000000000000001-0000000000000002-01")
        let child = tracer.startSpan("x", parent: makeSpanContext([.sampled, .random]))
        #expect(child.spanContext.flags == [.sampled, .random])
    }

    /// Baggage becomes attributes: needs the whole context a span starts in.
    private struct BaggageToAttributes: Telemetry.SpanProcessor {
        func onStart(_ span: Telemetry.Span, in context: ServiceContext) {
            for entry in context.baggage?.entries ?? [] { span.setAttribute(entry.name, .string(entry.value)) }
        }
        func onEnd(_ span: Telemetry.SpanData) {}
        func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { .success }
        func shutdown(timeout: Duration) async -> Telemetry.FlushResult { .success }
    }

    @Test func aProcessorSeesTheContextASpanStartsIn() throws {
        let watcher = RecordingProcessor()
        let provider = Telemetry.TracerProvider(resource: .init(), processors: [BaggageToAttributes(), watcher])
        var context = ServiceContext.topLevel
        context.baggage = Telemetry.Baggage()
        context.baggage?["user"] = "7"
        provider.tracer(name: "t").startSpan("x", in: context).end()
        #expect(watcher.ended.first?.attributes == [.init("user", .string("7"))])
    }

    @Test func aProcessorSeesAParentThatWasGivenByItself() {
        let fixture = Fixture()
        fixture.tracer.startSpan("x", parent: makeSpanContext()).end()
        #expect(fixture.processor.startedBelow == [makeSpanContext()])
    }

    /// A sampler that asks the context, not only the parent (OTel Trace SDK, "ShouldSample": parent Context).
    private struct BaggageSampler: Telemetry.Sampler {
        var description: String { "BaggageSampler" }
        func sample(_ candidate: Telemetry.SamplingCandidate) -> Telemetry.SamplingResult {
            .init(candidate.context.baggage?["debug"] == "1" ? .recordAndSample : .drop)
        }
    }

    @Test func aSamplerSeesTheContextASpanStartsIn() {
        let tracer = Fixture(sampler: BaggageSampler()).tracer
        var context = ServiceContext.topLevel
        #expect(!tracer.startSpan("x", in: context).isRecording)
        context.baggage = Telemetry.Baggage()
        context.baggage?["debug"] = "1"
        #expect(tracer.startSpan("x", in: context).isRecording)
        #expect(tracer.startSpan("x", parent: makeSpanContext(), values: context).isRecording)
    }

    /// Samplers may change the trace state, and what they make of it is valid or nothing.
    @Test(arguments: [("contrail=1,a=1", "contrail=1,a=1"), ("a=1\r\nx: y", ""), ("nonsense", "")])
    func aSamplersTraceStateIsValid(returned: String, expected: String) {
        let sampler = FixedSampler(result: .init(.recordAndSample, traceState: returned))
        let span = Fixture(sampler: sampler).tracer.startSpan("x", parent: makeSpanContext(state: "a=1"))
        #expect(span.spanContext.traceState == expected)
    }

    /// Takes a secret away and marks the span, before others see its end.
    private struct Scrubber: Telemetry.SpanEndingProcessor {
        let mark: String
        func onStart(_ span: Telemetry.Span, in context: ServiceContext) {}
        func onEnding(_ span: inout Telemetry.EndingSpan) {
            let seen = span.data.attributes.map(\.key).joined(separator: ",")
            span.removeAttribute("secret")
            span.setAttribute("saw", .string(seen))
            span.setAttribute(mark, .int(Int64(span.data.endNanoseconds)))
            span.operationName += " " + mark
            span.setStatus(.error("late"))
            span.addEvent(.init(name: mark, nanoseconds: 1))
            span.addLink(.init(context: makeSpanContext()))
        }
        func onEnd(_ span: Telemetry.SpanData) {}
        func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { .success }
        func shutdown(timeout: Duration) async -> Telemetry.FlushResult { .success }
    }

    private func end(limits: Telemetry.SpanLimits = .init(), _ use: (Telemetry.Span) -> Void) throws
        -> Telemetry.SpanData
    {
        let watcher = RecordingProcessor()
        let provider = Telemetry.TracerProvider(
            resource: .init(), processors: [watcher, Scrubber(mark: "a"), Scrubber(mark: "b")], limits: limits)
        let span = provider.tracer(name: "t").startSpan("x", parent: nil, atNanoseconds: 1)
        use(span)
        span.end(atNanoseconds: 7)
        #expect(watcher.ended.count == 1)
        return try #require(watcher.ended.first)
    }

    @Test func endingProcessorsWriteBeforeAnybodySeesTheEnd() throws {
        let data = try end { $0.setAttribute("secret", .string("hunter2")) }
        #expect(data.name == "x a b")
        #expect(data.attributes == [.init("saw", .string("saw,a")), .init("a", .int(7)), .init("b", .int(7))])
        #expect(data.events.map(\.name) == ["a", "b"])
        #expect(data.links.count == 2)
        #expect(data.status == .error("late"))
    }

    @Test func limitsAndStatusOrderHoldWhileEnding() throws {
        var limits = Telemetry.SpanLimits()
        (limits.attributes, limits.events, limits.links) = (1, 1, 1)
        let data = try end(limits: limits) { $0.setStatus(.ok) }
        #expect(data.status == .ok)
        #expect(data.attributes.map(\.key) == ["saw"])
        #expect(data.droppedAttributes == 2 && data.droppedEvents == 1 && data.droppedLinks == 1)
    }

    /// An exporter that holds back until it is told to flush.
    private final class HoldingExporter: Telemetry.SpanExporter {
        private let state = Locked((held: 0, sent: 0, timeouts: [Duration]()))
        private let answer: Telemetry.FlushResult
        private let gate: Gate?
        init(_ answer: Telemetry.FlushResult = .success, gate: Gate? = nil) {
            (self.answer, self.gate) = (answer, gate)
        }
        var sent: Int { state.withLock { $0.sent } }
        var timeouts: [Duration] { state.withLock { $0.timeouts } }

        func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
            state.withLock { $0.held += spans.count }
            return .init(acknowledged: spans.count)
        }
        func forceFlush(timeout: Duration) async -> Telemetry.FlushResult {
            await gate?.pass()
            return state.withLock { state in
                state.sent += state.held
                state.held = 0
                state.timeouts.append(timeout)
                return answer
            }
        }
        func shutdown() async {}
    }

    @Test func flushReachesTheExporterAfterTheQueue() async {
        let time = ManualTime()
        for answer in [Telemetry.FlushResult.success, .failure] {
            let exporter = HoldingExporter(answer)
            let processor = Telemetry.BatchSpanProcessor(exporter: exporter, resource: .init(), time: time)
            for _ in 0..<3 { processor.onEnd(makeSpanData("x")) }
            #expect(await processor.forceFlush(timeout: .seconds(7)) == answer)
            #expect(exporter.sent == 3 && exporter.timeouts == [.seconds(7)])
            _ = await processor.shutdown(timeout: .seconds(1))
            #expect(await processor.forceFlush(timeout: .seconds(7)) == .success)
            #expect(exporter.timeouts.count == 1)
        }
    }

    @Test func anExporterThatDoesNotFlushIsLeftBehindWhenTheTimeIsOver() async throws {
        let (time, gate) = (ManualTime(), Gate())
        let processor = Telemetry.BatchSpanProcessor(
            exporter: HoldingExporter(gate: gate), resource: .init(), time: time)
        let flush = Task { await processor.forceFlush(timeout: .seconds(7)) }
        try await time.waitForSleepers(1)
        time.advance(by: .seconds(7))
        #expect(await flush.value == .timeout)
        gate.open()
    }
}

/// What a provider says about how it is used: each thing once.
@Suite("Notices")
struct NoticeTests {
    private final class Log: Sendable {
        private let lines = Locked<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private let log = Log()

    private func provider(
        sampler: any Telemetry.Sampler = Telemetry.ParentBasedSampler(), limits: Telemetry.SpanLimits = .init()
    ) -> Telemetry.TracerProvider {
        Telemetry.TracerProvider(
            resource: .init(), sampler: sampler, processors: [RecordingProcessor()], limits: limits,
            report: { [log] in log.add($0) })
    }

    @Test func aTracerWithoutANameWorksAndIsTold() {
        let provider = provider()
        for _ in 0..<3 { #expect(provider.tracer(name: "").startSpan("x", parent: nil).isRecording) }
        #expect(log.all.count == 1)
    }

    @Test func reachedLimitsAreToldOnce() {
        var limits = Telemetry.SpanLimits()
        limits.attributesPerEvent = 0
        let tracer = provider(limits: limits).tracer(name: "t")
        for _ in 0..<3 {
            let span = tracer.startSpan("crowded", parent: nil)
            span.addEvent(.init(name: "e", nanoseconds: 1, attributes: [.init("a", .int(1))]))
            span.end()
        }
        #expect(log.all.count == 1 && log.all.first?.contains("crowded") == true)
    }

    @Test func aRatioThatDecidesBelowAParentIsTold() {
        let ratio = Telemetry.TraceIDRatioSampler(ratio: 0.5)
        let tracer = provider(sampler: ratio).tracer(name: "t")
        _ = tracer.startSpan("x", parent: nil)
        #expect(log.all.isEmpty)
        for _ in 0..<3 { _ = tracer.startSpan("x", parent: makeSpanContext([.sampled, .random])) }
        #expect(log.all.count == 1 && log.all.first?.contains("TraceIdRatioBased") == true)
        _ = provider(sampler: Telemetry.ParentBasedSampler(root: ratio)).tracer(name: "t")
            .startSpan("x", parent: makeSpanContext(.sampled))
        #expect(log.all.count == 1)
    }

    @Test(arguments: [
        (Telemetry.TraceFlags([.sampled, .random]), "", 0), (.sampled, "", 1), (.sampled, "ot=th:8", 1),
        (.sampled, "ot=rv:6e6d1a75832a2f", 0),
    ]) func anIDThatMayNotBeRandomIsToldWhereItDecides(flags: Telemetry.TraceFlags, state: String, told: Int) {
        let tracer = provider(sampler: Telemetry.ProbabilitySampler(ratio: 0.5)).tracer(name: "t")
        _ = tracer.startSpan("x", parent: nil)
        for _ in 0..<3 { _ = tracer.startSpan("x", parent: makeSpanContext(flags, state: state)) }
        #expect(log.all.count == told)
    }

    @Test func usualUseIsNotCommented() {
        let tracer = provider().tracer(name: "t")
        tracer.startSpan("x", parent: makeSpanContext(.sampled), attributes: [.init("a", .int(1))]).end()
        #expect(log.all.isEmpty)
    }
}

@Suite("InMemorySpanExporter", .timeLimit(.minutes(1)))
struct InMemorySpanExporterTests {
    @Test func keepsWhatIsExportedUpToItsBound() async {
        let exporter = InMemorySpanExporter(maxSpans: 3)
        let first = await exporter.export([makeSpanData("1"), makeSpanData("2")], resource: .init())
        let second = await exporter.export([makeSpanData("3"), makeSpanData("4")], resource: .init())
        #expect(first == .init(acknowledged: 2))
        #expect(second.acknowledged == 1 && second.dropped == 1 && second.problem != nil)
        #expect(exporter.spans.map(\.name) == ["1", "2", "3"])
        exporter.reset()
        #expect(exporter.spans.isEmpty)
    }

    @Test func refusesEverythingAfterTheShutdown() async {
        let exporter = InMemorySpanExporter()
        _ = await exporter.export([makeSpanData("1")], resource: .init())
        await exporter.shutdown()
        let late = await exporter.export([makeSpanData("2")], resource: .init())
        #expect(late.acknowledged == 0 && late.dropped == 1 && late.problem != nil)
        #expect(exporter.spans.map(\.name) == ["1"])
    }
}
