import ContrailBase
import ContrailTesting
import Testing
import Tracing

@testable import ContrailTelemetry

@Suite("TracerProvider", .timeLimit(.minutes(1)))
struct TracerProviderTests {
    @Test func shutsProcessorsDownOnce() async {
        let (a, b) = (RecordingProcessor(), RecordingProcessor())
        let provider = Telemetry.TracerProvider(resource: Telemetry.Resource(), processors: [a, b])
        async let first = provider.shutdown(timeout: .seconds(1))
        async let second = provider.shutdown(timeout: .seconds(1))
        let results = await [first, second]
        #expect(results == [.success, .success])
        #expect(a.shutdowns == 1 && b.shutdowns == 1)
        #expect(provider.isShutDown)
    }

    /// Writes down who was called.
    private struct Listing: Telemetry.SpanProcessor {
        let name: String
        let log: OrderLog
        func onStart(_ span: Telemetry.Span, in context: ServiceContext) { log.add("start " + name) }
        func onEnd(_ span: Telemetry.SpanData) { log.add("end " + name) }
        func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { .success }
        func shutdown(timeout: Duration) async -> Telemetry.FlushResult { .success }
    }

    private final class OrderLog: Sendable {
        private let lines = Locked<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    @Test func processorsAreCalledInOrder() {
        let log = OrderLog()
        let provider = Telemetry.TracerProvider(
            resource: Telemetry.Resource(), processors: ["a", "b", "c"].map { Listing(name: $0, log: log) })
        provider.tracer(name: "t").startSpan("x", parent: nil).end()
        #expect(log.all == ["start a", "start b", "start c", "end a", "end b", "end c"])
    }

    @Test func aTracersScopeIsOnItsSpans() {
        let watcher = RecordingProcessor()
        let provider = Telemetry.TracerProvider(resource: Telemetry.Resource(), processors: [watcher])
        let tracer = provider.tracer(
            name: "lib", version: "1.2", schemaURL: "https://opentelemetry.io/schemas/1.44.0",
            attributes: [.init("a", .int(1))])
        tracer.startSpan("x", parent: nil).end()
        let scope = Telemetry.Scope(
            name: "lib", version: "1.2", schemaURL: "https://opentelemetry.io/schemas/1.44.0",
            attributes: [.init("a", .int(1))])
        #expect(watcher.ended.map(\.scope) == [scope])
        #expect(tracer.scope == scope)
    }

    @Test func manyThreadsMayAskForTracersAndStartSpans() async {
        let watcher = RecordingProcessor()
        let provider = Telemetry.TracerProvider(resource: Telemetry.Resource(), processors: [watcher])
        let shared = provider.tracer(name: "shared")
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for _ in 0..<100 {
                        provider.tracer(name: "\(number)").startSpan("own", parent: nil).end()
                        shared.startSpan("shared", parent: nil).end()
                    }
                }
            }
        }
        #expect(Set(watcher.ended.map(\.context.spanID)).count == 1600)
        for number in 0..<8 { #expect(watcher.ended.count { $0.scope.name == "\(number)" } == 100) }
        #expect(watcher.ended.count { $0.scope.name == "shared" } == 800)
    }

    @Test func aTracerWithoutProcessorsSaysSo() {
        #expect(!Telemetry.TracerProvider(resource: .init(), processors: []).tracer(name: "t").isEnabled)
        #expect(
            Telemetry.TracerProvider(resource: .init(), processors: [RecordingProcessor()]).tracer(name: "t").isEnabled)
    }

    @Test func flushExportsWhatHasEnded() async {
        let exporter = RecordingExporter()
        let processor = Telemetry.BatchSpanProcessor(exporter: exporter, resource: Telemetry.Resource())
        let provider = Telemetry.TracerProvider(resource: Telemetry.Resource(), processors: [processor])
        let tracer = provider.tracer(name: "t")
        for number in 0..<1000 { tracer.startSpan("\(number)", parent: nil).end() }
        #expect(await provider.forceFlush(timeout: .seconds(30)) == .success)
        #expect(exporter.spans.map(\.name) == (0..<1000).map { "\($0)" })
        #expect(await provider.shutdown(timeout: .seconds(5)) == .success)
    }

    /// On SIGTERM the task that flushes has been cancelled already.
    @Test func flushAndShutdownWorkInACancelledTask() async {
        let exporter = RecordingExporter()
        let processor = Telemetry.BatchSpanProcessor(exporter: exporter, resource: Telemetry.Resource())
        let provider = Telemetry.TracerProvider(resource: Telemetry.Resource(), processors: [processor])
        provider.tracer(name: "t").startSpan("x", parent: nil).end()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            let flushed = await provider.forceFlush(timeout: .seconds(30))
            return (flushed, await provider.shutdown(timeout: .seconds(30)))
        }
        task.cancel()
        let (flushed, shutDown) = await task.value
        #expect(flushed == .success && shutDown == .success)
        #expect(exporter.spans.count == 1)
        #expect(exporter.shutdowns == 1)
    }

    @Test func theWorstResultCounts() async {
        let good = RecordingProcessor()
        let bad = Telemetry.BatchSpanProcessor(
            exporter: RecordingExporter { Telemetry.ExportResult(dropped: $0.count) }, resource: Telemetry.Resource())
        let provider = Telemetry.TracerProvider(resource: Telemetry.Resource(), processors: [good, bad])
        provider.tracer(name: "t").startSpan("x", parent: nil).end()
        #expect(await provider.forceFlush(timeout: .seconds(30)) == .failure)
        #expect(await provider.shutdown(timeout: .seconds(30)) == .success)
    }
}
