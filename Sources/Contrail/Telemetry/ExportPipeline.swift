import ContrailBase
import ContrailCurl
import ContrailOTLP
import ContrailTelemetry

/// One place that spans go to: its exporter, its queue, its counters.
struct ExportPipeline: Sendable {
    let name: String
    let processor: any Telemetry.SpanProcessor
    private let counted: @Sendable () -> Telemetry.SpanCounts
    private let problems: ProblemKeepingExporter

    /// Throws ``Telemetry/SetupError`` if a file cannot be opened.
    init(
        _ destination: TelemetrySettings.Destination, _ settings: TelemetrySettings, time: any TimeSource
    ) throws {
        name = destination.name
        let problems = ProblemKeepingExporter(try Self.exporter(destination.target))
        self.problems = problems
        if destination.isImmediate {
            let processor = Telemetry.SimpleSpanProcessor(
                exporter: problems, resource: settings.resource, exportTimeout: settings.batching.exportTimeout,
                time: time)
            self.processor = processor
            counted = { processor.counts }
        } else {
            let processor = Telemetry.BatchSpanProcessor(
                exporter: problems, resource: settings.resource, settings: settings.batching, time: time)
            self.processor = processor
            counted = { processor.counts }
        }
    }

    var counts: Telemetry.SpanCounts { counted() }

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
        let last = problems.last.map { "; last problem: \($0)" } ?? ""
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

/// An exporter that keeps what the last failure was, for the report at the end.
private final class ProblemKeepingExporter: Telemetry.SpanExporter {
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
