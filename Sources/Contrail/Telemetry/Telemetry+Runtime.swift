import ContrailBase
import ContrailCore
import ContrailCurl
import ContrailOTLP
public import ContrailTelemetry
import HTTPTypes
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
        private let processor: BatchSpanProcessor?
        private let problems: ProblemKeepingExporter?
        private let configuration: Configuration
        private let hasReported = Atomic(false)

        /// Sets up tracing and export without touching the process's tracer.
        init(_ configuration: Configuration, service: String?) throws {
            let environment = OTLPEnvironment(configuration.environment)
            for warning in environment.warnings { configuration.report(warning) }
            self.configuration = configuration
            resource = Self.resource(configuration, environment, service: service)
            if environment.isDisabled {
                problems = nil
                processor = nil
            } else {
                let exporter = ProblemKeepingExporter(try Self.exporter(configuration, environment))
                problems = exporter
                processor = BatchSpanProcessor(
                    exporter: exporter, resource: resource, settings: Self.batching(configuration, environment),
                    time: configuration.time)
            }
            provider = TracerProvider(
                resource: resource, sampler: configuration.sampler, processors: processor.map { [$0] } ?? [],
                idGenerator: configuration.idGenerator, time: configuration.time)
            tracer = provider.tracer(name: "contrail", version: Telemetry.sdkVersion)
        }

        /// What became of the spans so far.
        public var counts: SpanCounts { processor?.counts ?? SpanCounts() }

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
            _ = await provider.shutdown(timeout: configuration.shutdownTimeout)
            guard !hasReported.exchange(true, ordering: .relaxed), let loss = lossReport() else { return }
            configuration.report(loss)
        }

        /// One line about what was lost: ended − acknowledged, by reason.
        func lossReport() -> String? {
            let counts = counts
            let lost = counts.ended - counts.acknowledged
            guard lost > 0 else { return nil }
            let reasons: [(Int, String)] = [
                (counts.droppedQueueFull, "the queue was full"), (counts.droppedByExporter, "not accepted"),
                (counts.droppedAfterShutdown, "not sent before the shutdown's time was over"),
                (counts.unknown, "sent but never answered"), (counts.pending, "still being sent"),
            ]
            let parts = reasons.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            let last = problems?.last.map { "; last problem: \($0)" } ?? ""
            return "\(lost) of \(counts.ended) spans were lost (\(parts))\(last)"
        }
    }
}

extension Telemetry.Runtime {
    private static func resource(
        _ configuration: Telemetry.Configuration, _ environment: OTLPEnvironment, service: String?
    ) -> Telemetry.Resource {
        let name = service ?? configuration.serviceName ?? environment.serviceName
        let executable = CommandLine.arguments.first?.split(separator: "/").last.map(String.init)
        var base = Telemetry.Resource.default(serviceName: name, executable: executable)
        base = base.merging(Telemetry.Resource(attributes: environment.resourceAttributes))
        return base.merging(Telemetry.Resource(attributes: configuration.resourceAttributes))
    }

    private static func exporter(
        _ configuration: Telemetry.Configuration, _ environment: OTLPEnvironment
    ) throws -> OTLPSpanExporter {
        let url = try endpoint(configuration, environment)
        var headers = environment.tracesHeaders
        for field in configuration.exportHeaders { headers[field.name] = field.value }
        var settings = OTLPSpanExporter.Settings(endpoint: url, headers: headers)
        if let timeout = configuration.exportTimeout ?? environment.tracesTimeout { settings.timeout = timeout }
        // A fetcher of its own, below all observers: an export is never traced, and never waits behind the user's calls.
        var engine = CurlTransport.Configuration()
        engine.loops = 1
        engine.maxConnectionsPerLoop = 4
        return OTLPSpanExporter(transport: CurlTransport(engine), settings: settings)
    }

    /// A bad endpoint in the program is the program's fault; one in the environment must not stop it.
    private static func endpoint(
        _ configuration: Telemetry.Configuration, _ environment: OTLPEnvironment
    ) throws -> RequestURL {
        if let base = configuration.endpoint {
            do { return try RequestURL(OTLPEnvironment.tracesEndpoint(ofBase: base)) } catch {
                throw Telemetry.SetupError.configuration("The collector's endpoint: \(error)")
            }
        }
        if let text = environment.tracesEndpoint {
            do { return try RequestURL(text) } catch {
                configuration.report("OTEL_EXPORTER_OTLP_ENDPOINT is ignored: \(error)")
            }
        }
        return try RequestURL(OTLPEnvironment.defaultTracesEndpoint)
    }

    private static func batching(
        _ configuration: Telemetry.Configuration, _ environment: OTLPEnvironment
    ) -> Telemetry.BatchSpanProcessor.Settings {
        if let batching = configuration.batching { return batching }
        var settings = Telemetry.BatchSpanProcessor.Settings()
        if let delay = environment.batchDelay { settings.scheduleDelay = delay }
        if let timeout = environment.batchExportTimeout { settings.exportTimeout = timeout }
        if let size = environment.maxQueueSize { settings.maxQueueSize = size }
        if let size = environment.maxExportBatchSize { settings.maxBatchSize = size }
        return settings
    }
}

/// An exporter that keeps what the last failure was, for the report at the end.
final class ProblemKeepingExporter: Telemetry.SpanExporter {
    private let base: any Telemetry.SpanExporter
    private let problem = Locked<String?>(nil)

    init(_ base: any Telemetry.SpanExporter) { self.base = base }

    var last: String? { problem.withLock { $0 } }

    func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
        let result = await base.export(spans, resource: resource)
        if let text = result.problem { problem.withLock { $0 = text } }
        return result
    }

    func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { await base.forceFlush(timeout: timeout) }

    func shutdown() async { await base.shutdown() }
}
