import ContrailBase
import ContrailCurl
import ContrailOTLP
import ContrailTelemetry
import CoreMetrics

/// One place that spans go to: its exporter, its queue, its counters.
struct ExportPipeline: Sendable {
    let name: String
    let processor: any Telemetry.SpanProcessor
    private let counted: @Sendable () -> Telemetry.SpanCounts
    private let exporter: WatchedExporter
    private let meter: ExportMeter

    /// Throws ``Telemetry/SetupError`` if a file cannot be opened.
    init(
        _ destination: TelemetrySettings.Destination, _ settings: TelemetrySettings, time: any TimeSource,
        metricsFactory: (any MetricsFactory)?, numbers: inout ComponentNumbers
    ) throws {
        name = destination.name
        // A simple processor's queue has the default's size.
        let batching = destination.isImmediate ? Telemetry.BatchSpanProcessor.Settings() : settings.batching
        meter = ExportMeter(
            destination.components(&numbers), queueCapacity: max(1, batching.maxQueueSize), factory: metricsFactory,
            time: time)
        exporter = WatchedExporter(try Self.exporter(destination.target), meter)
        if destination.isImmediate {
            let processor = Telemetry.SimpleSpanProcessor(
                exporter: exporter, resource: settings.resource, exportTimeout: settings.batching.exportTimeout,
                time: time)
            self.processor = processor
            counted = { processor.counts }
            meter.watch { [weak processor] in processor?.counts }
        } else {
            let processor = Telemetry.BatchSpanProcessor(
                exporter: exporter, resource: settings.resource, settings: settings.batching, time: time)
            self.processor = processor
            counted = { processor.counts }
            meter.watch { [weak processor] in processor?.counts }
        }
    }

    var counts: Telemetry.SpanCounts { counted() }

    /// After the shutdown: measures what no export will any more.
    func close() { meter.close() }

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
        let last = exporter.lastProblem.map { "; last problem: \($0)" } ?? ""
        return "\(lost) of \(counts.ended) spans were lost (\(parts))\(last)"
    }

    private static func exporter(_ target: TelemetrySettings.Destination.Target) throws -> any Telemetry.SpanExporter {
        switch target {
        case .otlp(let settings, let files): OTLPSpanExporter(transport: transport(files), settings: settings)
        case .text(let format, .standardOutput): TextSpanExporter(format, to: .standardOutput())
        case .text(let format, .standardError): TextSpanExporter(format, to: .standardError())
        case .file(let path, let maxBytes): TextSpanExporter(.json, to: try file(path, maxBytes))
        case .custom(let exporter): exporter
        }
    }

    private static func file(_ path: String, _ maxBytes: Int) throws -> LineOutput {
        do throws(LineOutput.Problem) {
            return try LineOutput.file(path, maxBytes: maxBytes)
        } catch {
            throw Telemetry.SetupError.configuration("The file \(path) for spans cannot be opened: \(error)")
        }
    }

    /// A fetcher of its own, below all observers: an export is never traced, and never waits behind the user's calls.
    private static func transport(_ files: TelemetrySettings.TLSFiles) -> CurlTransport {
        var engine = CurlTransport.Configuration()
        engine.loops = 1
        engine.maxConnectionsPerLoop = 4
        engine.caFile = files.authority
        engine.clientCertificateFile = files.certificate
        engine.clientKeyFile = files.key
        return CurlTransport(engine)
    }
}

/// An exporter that is measured, and keeps what the last failure was for the report at the end.
private final class WatchedExporter: Telemetry.SpanExporter {
    private let base: any Telemetry.SpanExporter
    private let meter: ExportMeter
    private let problem = Locked<String?>(nil)

    init(_ base: any Telemetry.SpanExporter, _ meter: ExportMeter) {
        self.base = base
        self.meter = meter
    }

    var lastProblem: String? { problem.withLock { $0 } }

    func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
        let result = await meter.measured(spans.count) { await base.export(spans, resource: resource) }
        if let text = result.problem { problem.withLock { $0 = text } }
        return result
    }

    func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { await base.forceFlush(timeout: timeout) }

    func shutdown() async { await base.shutdown() }
}

extension TelemetrySettings.Destination {
    /// The conventions' types; what they do not name is called as its Swift type is.
    fileprivate func components(_ numbers: inout ComponentNumbers) -> ExportMeter.Components {
        let processor = isImmediate ? "simple_span_processor" : "batching_span_processor"
        var (type, server): (String, ServerAddress?) = ("TextSpanExporter", nil)
        switch target {
        case .otlp(let settings, _):
            type = settings.encoding == .json ? "otlp_http_json_span_exporter" : "otlp_http_span_exporter"
            server = ServerAddress(settings.endpoint.origin, [:])
        case .custom(let exporter): type = "\(Swift.type(of: exporter))"
        case .text, .file: break
        }
        return ExportMeter.Components(
            exporter: numbers.next(type), processor: numbers.next(processor), server: server)
    }
}

extension Telemetry.SpanCounts {
    static func + (a: Self, b: Self) -> Self {
        var sum = a
        sum.ended += b.ended
        sum.acknowledged += b.acknowledged
        sum.droppedQueueFull += b.droppedQueueFull
        sum.droppedAfterShutdown += b.droppedAfterShutdown
        sum.droppedByExporter += b.droppedByExporter
        sum.unknown += b.unknown
        sum.pending += b.pending
        return sum
    }
}
