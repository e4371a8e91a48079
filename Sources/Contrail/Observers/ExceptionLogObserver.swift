import ContrailCore
import HTTPTypes
import Logging

/// Logs sends that fail without an answer (semantic conventions 1.44, "HTTP client exceptions"; development).
struct ExceptionLogObserver: CallObserver {
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func callWillStart(_ call: CallStart) -> (any CallObservation)? { LoggedCall(logger) }
}

private final class LoggedCall: CallObservation {
    private static let traceParent = HTTPField.Name("traceparent")
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Whoever makes a span of the send, our tracer or another, has written it into the headers by now: the observer of
    /// spans comes first.
    func sendWillStart(_ send: SendStart, headers: inout HTTPFields) -> (any SendObservation)? {
        LoggedSend(logger, traceParent: Self.traceParent.flatMap { headers[$0] })
    }

    func record(_ event: CallEvent) {}
    func callDidEnd(_ end: CallEnd) {}
    func withContext<Result>(_ operation: () async throws -> Result) async rethrows -> Result { try await operation() }
}

private final class LoggedSend: SendObservation {
    private let logger: Logger
    private let traceParent: String?

    init(_ logger: Logger, traceParent: String?) {
        self.logger = logger
        self.traceParent = traceParent
    }

    func sendDidEnd(_ end: SendEnd) {
        guard case .failure(let error, _) = end.outcome else { return }
        var metadata: Logger.Metadata = [
            "exception.type": "\(String(reflecting: type(of: error.cause ?? error)))",
            "exception.message": "\(error.message)", "error.type": "\(error.kind)",
        ]
        metadata.merge(ids) { own, _ in own }
        logger.warning("http.client.request.exception", metadata: metadata)
    }

    /// Named as in every log that is not OTLP's (OTel, "Trace Context in non-OTLP Log Formats").
    private var ids: Logger.Metadata {
        // Version, trace, span, flags (W3C Trace Context Level 2 §3.2).
        let parts = traceParent?.split(separator: "-") ?? []
        guard parts.count == 4 else { return [:] }
        return ["trace_id": "\(parts[1])", "span_id": "\(parts[2])", "trace_flags": "\(parts[3])"]
    }
}
