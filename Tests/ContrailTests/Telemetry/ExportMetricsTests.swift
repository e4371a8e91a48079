import Contrail
import ContrailBase
import ContrailTesting
import CoreMetrics
import MetricsTestKit
import Testing
import Tracing

/// What the SDK says of itself through swift-metrics.
@Suite(.timeLimit(.minutes(1))) struct ExportMetricsTests {
    private let metrics = TestMetrics()

    /// Answers as it is told, and takes as long.
    private final class Receiver: Telemetry.SpanExporter {
        let answer: @Sendable (Int) async -> Telemetry.ExportResult
        init(_ answer: @escaping @Sendable (Int) async -> Telemetry.ExportResult) { self.answer = answer }
        func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
            await answer(spans.count)
        }
        func shutdown() async {}
    }

    private let exporter = [("otel.component.name", "Receiver/0"), ("otel.component.type", "Receiver")]
    private let processor = [
        ("otel.component.name", "batching_span_processor/0"), ("otel.component.type", "batching_span_processor"),
    ]

    private func configuration(_ exporters: Telemetry.TraceExporter...) -> Telemetry.Configuration {
        var configuration = Telemetry.Configuration(environment: [:])
        configuration.exporters = exporters
        configuration.metricsFactory = metrics
        configuration.report = { _ in }
        configuration.shutdownTimeout = .seconds(30)
        return configuration
    }

    private func failed(_ type: String, _ of: [(String, String)]) -> [(String, String)] { [("error.type", type)] + of }

    @Test func anExportIsCountedAndTimed() async throws {
        let time = ManualTime()
        let receiver = Receiver { count in
            time.advance(by: .milliseconds(250))
            return .init(acknowledged: count)
        }
        var configuration = configuration(.custom(receiver))
        configuration.time = time
        try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
            for _ in 0..<3 { withSpan("x") { _ in } }
            #expect(await runtime.flush() == .success)
        }
        #expect(try metrics.expectCounter("otel.sdk.processor.span.processed", processor).totalValue == 3)
        #expect(try metrics.expectCounter("otel.sdk.exporter.span.exported", exporter).totalValue == 3)
        #expect(try metrics.expectMeter("otel.sdk.exporter.span.inflight", exporter).values == [3, 0])
        let duration = try metrics.expectTimer("otel.sdk.exporter.operation.duration", exporter)
        #expect(duration.values == [250_000_000] && duration.displayUnit == .seconds)
        #expect(try metrics.expectMeter("otel.sdk.processor.span.queue.capacity", processor).values.last == 16_384)
        #expect(try metrics.expectMeter("otel.sdk.processor.span.queue.size", processor).values == [0, 0])
    }

    @Test func whatWasRefusedHasAnErrorType() async throws {
        let receiver = Receiver { .init(dropped: $0, problem: "no") }
        try await Telemetry.scoped(service: "s", configuration: configuration(.custom(receiver))) { runtime in
            withSpan("x") { _ in }
            #expect(await runtime.flush() == .failure)
        }
        let exported = try metrics.expectCounter("otel.sdk.exporter.span.exported", failed("_OTHER", exporter))
        #expect(exported.totalValue == 1)
        let duration = try metrics.expectTimer("otel.sdk.exporter.operation.duration", failed("_OTHER", exporter))
        #expect(duration.values.count == 1)
        // Handed over is processed, whatever came of it.
        #expect(try metrics.expectCounter("otel.sdk.processor.span.processed", processor).totalValue == 1)
    }

    @Test func aPartialSuccessIsRejectedInPart() async throws {
        let receiver = Receiver { .init(acknowledged: $0 - 1, dropped: 1) }
        try await Telemetry.scoped(service: "s", configuration: configuration(.custom(receiver))) { runtime in
            for _ in 0..<3 { withSpan("x") { _ in } }
            _ = await runtime.flush()
        }
        #expect(try metrics.expectCounter("otel.sdk.exporter.span.exported", exporter).totalValue == 2)
        let rejected = try metrics.expectCounter(
            "otel.sdk.exporter.span.exported", failed("rejected", exporter))
        #expect(rejected.totalValue == 1)
        #expect(try metrics.expectTimer("otel.sdk.exporter.operation.duration", exporter).values.count == 1)
    }

    @Test func dropsOfTheQueueAreToldOnce() async throws {
        let isOpen = Locked(false)
        let receiver = Receiver { count in
            while !isOpen.withLock({ $0 }), !Task.isCancelled { await Task.yield() }
            return .init(acknowledged: count)
        }
        var configuration = configuration(.custom(receiver))
        configuration.batching = .init(maxBatchSize: 2, maxQueueSize: 2)
        let counts = try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
            for _ in 0..<9 { withSpan("x") { _ in } }
            isOpen.withLock { $0 = true }
            for _ in 0..<3 {
                _ = await runtime.flush()
                withSpan("y") { _ in }
            }
            await runtime.shutdown()
            return runtime.counts
        }
        let processed = try metrics.expectCounter("otel.sdk.processor.span.processed", processor).totalValue
        let full = try metrics.expectCounter("otel.sdk.processor.span.processed", failed("queue_full", processor))
        #expect(full.totalValue == Int64(counts.droppedQueueFull) && counts.droppedQueueFull > 0)
        #expect(processed == Int64(counts.acknowledged) && processed + full.totalValue == 12)
    }

    /// No export comes after them: they are told at the end.
    @Test func whatTheShutdownDropsIsToldToo() async throws {
        let receiver = Receiver { count in
            while !Task.isCancelled { await Task.yield() }
            return .init(unknown: count)
        }
        var configuration = configuration(.custom(receiver))
        configuration.batching = .init(maxBatchSize: 1, maxQueueSize: 10)
        configuration.shutdownTimeout = .milliseconds(200)
        let counts = try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
            for _ in 0..<3 { withSpan("x") { _ in } }
            await runtime.shutdown()
            return runtime.counts
        }
        let dropped = try metrics.expectCounter(
            "otel.sdk.processor.span.processed", failed("already_shutdown", processor))
        #expect(dropped.totalValue == Int64(counts.droppedAfterShutdown) && counts.droppedAfterShutdown >= 2)
    }

    /// The conventions' names, numbered per type; the server of a receiver that has one.
    @Test func componentsAreNumberedByType() async throws {
        try await withFakeCollector { collector in
            let json = collector.endpoint
            var second = Telemetry.OTLPDestination(endpoint: json)
            second.encoding = .json
            let configuration = configuration(
                .otlp(.init(endpoint: json)), .otlp(.init(endpoint: json)), .otlp(second),
                .custom(InMemorySpanExporter(), isImmediate: true))
            try await Telemetry.scoped(service: "s", configuration: configuration) { _ in withSpan("x") { _ in } }
            #expect(
                components("otel.sdk.exporter.span.exported") == [
                    "InMemorySpanExporter/0", "otlp_http_json_span_exporter/0", "otlp_http_span_exporter/0",
                    "otlp_http_span_exporter/1",
                ])
            #expect(
                components("otel.sdk.processor.span.processed") == [
                    "batching_span_processor/0", "batching_span_processor/1", "batching_span_processor/2",
                    "simple_span_processor/0",
                ])
            let ports = metrics.counters(label: "otel.sdk.exporter.span.exported")
                .compactMap { $0.dimensions.first { $0.0 == "server.port" }?.1 }
            #expect(ports == Array(repeating: "\(collector.port)", count: 3))
        }
    }

    private func components(_ label: String) -> [String] {
        metrics.counters(label: label)
            .compactMap { $0.dimensions.first { $0.0 == "otel.component.name" }?.1 }.sorted()
    }

    @Test func withoutABackendNothingIsMeasured() async throws {
        var configuration = configuration(.custom(Receiver { .init(acknowledged: $0) }))
        configuration.metricsFactory = nil
        try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
            withSpan("x") { _ in }
            #expect(await runtime.flush() == .success)
        }
        #expect(metrics.counters(label: "otel.sdk.processor.span.processed").isEmpty)
    }
}
