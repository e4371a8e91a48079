import Contrail
import ContrailBase
import ContrailTesting
import Logging
import Testing

/// Failures as log records (semantic conventions 1.44, "HTTP client exceptions").
@Suite(.timeLimit(.minutes(1))) struct ExceptionLogTests {
    /// Keeps what is logged.
    private final class Record: Sendable {
        struct Line: Sendable {
            let level: Logger.Level
            let message: String
            let metadata: [String: String]
        }

        private let kept = Locked<[Line]>([])
        var lines: [Line] { kept.withLock { $0 } }
        func keep(_ line: Line) { kept.withLock { $0.append(line) } }

        var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }
    }

    private struct Handler: LogHandler {
        let record: Record
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record.keep(
                .init(
                    level: event.level, message: "\(event.message)",
                    metadata: (event.metadata ?? [:]).mapValues { "\($0)" }))
        }
    }

    /// The log of a call that is made with these steps, and the spans.
    private func log(
        _ transport: ScriptedTransport, detail: HTTPClient.Configuration.Tracing.Detail = .callsAndSends,
        time: any TimeSource = SystemTime()
    ) async throws -> (lines: [Record.Line], spans: [Telemetry.SpanData]) {
        let (record, exporter) = (Record(), InMemorySpanExporter())
        let provider = Telemetry.TracerProvider(
            resource: .init(), processors: [Telemetry.SimpleSpanProcessor(exporter: exporter, resource: .init())])
        var configuration = HTTPClient.Configuration()
        configuration.tracing.tracer = provider.tracer(name: "t")
        configuration.tracing.detail = detail
        configuration.time = time
        configuration.tracing.exceptionLogger = record.logger
        configuration.retry.backOff = .sequence([.zero])
        let client = try HTTPClient(configuration: configuration, transport: transport)
        _ = try? await client.get("http://a.test/?sig=hunter2")
        _ = await provider.forceFlush()
        return (record.lines, exporter.spans)
    }

    @Test func aSendThatFailsIsLoggedWithItsSpan() async throws {
        let (lines, spans) = try await log(
            ScriptedTransport(.failure(.connect, wireSends: 0), .status(200)))
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(line.level == .warning && line.message == "http.client.request.exception")
        #expect(line.metadata["exception.type"] == "ContrailCore.TransportError")
        #expect(line.metadata["exception.message"]?.isEmpty == false)
        #expect(line.metadata["error.type"] == "connect")
        let failed = spans.filter { $0.kind == .client && $0.status != .unset }
        #expect(failed.map { "\($0.context.spanID)" } == [line.metadata["span_id"]])
        #expect(failed.map { "\($0.context.traceID)" } == [line.metadata["trace_id"]])
        #expect(line.metadata["trace_flags"] == "03")
        #expect(!"\(line)".contains("hunter2"))
    }

    /// An answer is no exception, whatever it says.
    @Test func aStatusIsNotLogged() async throws {
        #expect(try await log(ScriptedTransport(.status(404))).lines.isEmpty)
    }

    /// Nor is giving up.
    @Test func aCancelledCallIsNotLogged() async throws {
        let time = ManualTime()
        let transport = ScriptedTransport(.silence, time: time)
        let call = Task { try await log(transport, time: time).lines }
        try await time.waitForSleepers(1)
        call.cancel()
        #expect(try await call.value.isEmpty)
    }

    @Test func withoutSpansTheFailureIsLoggedAllTheSame() async throws {
        let lines = try await log(
            ScriptedTransport(.failure(.connect, wireSends: 0), .status(200)), detail: .off
        ).lines
        #expect(lines.map(\.message) == ["http.client.request.exception"])
        #expect(lines.first?.metadata["span_id"] == nil)
    }
}
