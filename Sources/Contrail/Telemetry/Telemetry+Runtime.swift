import ContrailBase
public import ContrailTelemetry
public import ServiceLifecycle
import Synchronization

extension Telemetry {
    /// Tracing at work: makes spans, exports them, and flushes at its end.
    ///
    /// Spans are exported from the start, whether ``run()`` is called or not; only the flush at the end needs it, or
    /// ``shutdown()``. List it before the services that make spans: groups stop in reverse order.
    public final class Runtime: Service {
        /// Makes the spans. Conforms to swift-distributed-tracing.
        public let tracer: Tracer
        /// What produces the spans.
        public let resource: Resource
        private let provider: TracerProvider
        private let pipelines: [ExportPipeline]
        private let configuration: Configuration
        private let level: DiagnosticLevel
        private let hasReported = Atomic(false)
        private let watchdog: TaskWatchdog?

        /// Sets up tracing and export without touching the process's tracer.
        init(_ configuration: Configuration, service: String?) throws {
            let detected = configuration.detectors.detect()
            let settings = try TelemetrySettings(configuration, service: service, detected: detected)
            self.configuration = configuration
            level = settings.logLevel
            if level >= .warning { settings.warnings.forEach(configuration.report) }
            resource = settings.resource
            var numbers = ComponentNumbers()
            pipelines = try settings.destinations.map { destination in
                try ExportPipeline(
                    destination, settings, time: configuration.time, metricsFactory: configuration.metricsFactory,
                    numbers: &numbers)
            }
            provider = TracerProvider(
                resource: resource, sampler: settings.sampler, processors: pipelines.map(\.processor),
                idGenerator: configuration.idGenerator, limits: settings.limits, propagator: settings.propagator,
                time: configuration.time, report: level >= .warning ? configuration.report : nil)
            tracer = provider.tracer(name: "contrail", version: Telemetry.sdkVersion)
            watchdog = settings.watchdog.map { watchdog in
                TaskWatchdog(
                    watchdog, time: configuration.time, measure: MetricBackends.recordTaskDelay,
                    warn: settings.logLevel >= .warning ? configuration.report : nil)
            }
            watchdog?.start()
        }

        deinit { watchdog?.stop() }

        /// What became of the spans so far. With several exporters every span counts once for each.
        public var counts: SpanCounts { pipelines.reduce(SpanCounts()) { $0 + $1.counts } }

        /// What became of the spans so far, for each exporter: in the order of the configuration, with a name for people.
        public var countsByExporter: [(name: String, counts: SpanCounts)] { pipelines.map { ($0.name, $0.counts) } }

        /// Waits for graceful shutdown or cancellation, then flushes and ends, within `shutdownTimeout`.
        public func run() async throws {
            try? await gracefulShutdown()
            await shutdown()
        }

        /// Has everything exported that ended before this call. Cancellation does not end it, `timeout` does.
        @discardableResult
        public func flush(timeout: Duration = .seconds(5)) async -> FlushResult {
            await provider.forceFlush(timeout: timeout)
        }

        /// Exports what is pending and ends, within `shutdownTimeout`; says on the report how many spans were lost, if any
        /// were. Idempotent; cancellation does not end it.
        public func shutdown() async {
            watchdog?.stop()
            _ = await provider.shutdown(timeout: configuration.shutdownTimeout)
            guard !hasReported.exchange(true, ordering: .relaxed) else { return }
            for pipeline in pipelines { pipeline.close() }
            guard level >= .error else { return }
            for pipeline in pipelines {
                guard let loss = pipeline.lossReport() else { continue }
                configuration.report(pipelines.count > 1 ? "\(pipeline.name): \(loss)" : loss)
            }
        }
    }
}
