import Contrail
import ContrailBase
import ContrailTesting
import Testing
import Tracing

@Suite(.timeLimit(.minutes(1))) struct OffloadTests {
    @Test func spansStartedInsideAreChildrenOfTheCallers() async throws {
        let exporter = InMemorySpanExporter()
        let provider = Telemetry.TracerProvider(
            resource: Telemetry.Resource(),
            processors: [Telemetry.SimpleSpanProcessor(exporter: exporter, resource: Telemetry.Resource())])
        let tracer = provider.tracer(name: "test")
        try await withTracer(tracer) {
            try await withSpan("outer") { _ in
                try await offload { withSpan("inner") { _ in } }
            }
        }
        _ = await provider.forceFlush(timeout: .seconds(5))
        let inner = try #require(exporter.spans.first { $0.name == "inner" })
        let outer = try #require(exporter.spans.first { $0.name == "outer" })
        #expect(inner.parentSpanID == outer.context.spanID)
        #expect(inner.context.traceID == outer.context.traceID)
    }

    @Test func cancelledBeforeItBeginsTheWorkIsSkipped() async {
        let hasRun = Locked(false)
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await offload { hasRun.withLock { $0 = true } }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(hasRun.withLock { $0 } == false)
    }

    @Test func whatTheWorkThrowsIsThrown() async {
        struct Planned: Error {}
        await #expect(throws: Planned.self) { try await offload { throw Planned() } }
    }
}
