import ContrailBase
import ContrailCore
import ContrailTelemetry
import HTTPTypes

/// What one attempt brought: what matters for trying again, what the receiver said, and how to tell people.
struct ExportAnswer {
    let outcome: ExportAttempts.Outcome
    let description: String
    private let response: OTLP.TraceResponse

    static let cancelled = ExportAnswer(outcome: .cancelled, description: "cancelled while sending", response: .init())

    private init(outcome: ExportAttempts.Outcome, description: String, response: OTLP.TraceResponse) {
        self.outcome = outcome
        self.description = description
        self.response = response
    }

    init(_ error: TransportError) {
        // A second send is refused by the transport, so one is all there can be.
        let wasSent = error.summary.wireSends > 0 || error.summary.requestStarted != nil
        let isCancelled = error.kind == .cancelled && wasSent
        self.init(
            outcome: isCancelled ? .cancelled : .failed(error.kind, wasSent: wasSent),
            description: Self.printable(error.description),
            response: .init())
    }

    init(_ response: WireResponse, wallNanoseconds: Int64) {
        let status = response.statusCode
        let fields = response.head.headers
        let outcome = ExportAttempts.Outcome.answered(
            status: status,
            retryAfter: fields[.retryAfter].flatMap { RetryAfter.delay($0, wallNanoseconds: wallNanoseconds) })
        let body = Self.body(response)
        let encoding = OTLP.Encoding(contentType: fields[.contentType])
        if (200..<300).contains(status) {
            // A 200 says that the receiver has the batch, even if we cannot read what else it says.
            let said = encoding.flatMap { encoding in
                body.map { body in Result { try OTLP.TraceResponse(decoding: body, as: encoding) } }
            }
            switch said {
            case nil: self.init(outcome: outcome, description: "accepted", response: .init())
            case .success(let said): self.init(outcome: outcome, description: "accepted", response: said)
            case .failure:
                let unreadable = OTLP.TraceResponse(message: "the response is not readable")
                self.init(outcome: outcome, description: "accepted", response: unreadable)
            }
        } else {
            let read = encoding.flatMap { encoding in
                body.flatMap { try? OTLP.RPCStatus(decoding: $0, as: encoding) }
            }
            let message = read?.message ?? ""
            let said = message.isEmpty ? "" : ": \(Self.printable(message))"
            self.init(outcome: outcome, description: "answered \(status)\(said)", response: .init())
        }
    }

    /// The fate of a batch that was answered with success: what was rejected is lost for good.
    func result(of spanCount: Int) -> Telemetry.ExportResult {
        let rejected = Int(clamping: min(max(response.rejectedSpans, 0), Int64(spanCount)))
        let message = Self.printable(response.message)
        let reason = message.isEmpty ? "no reason given" : message
        var problem: String?
        if rejected > 0 {
            problem = "the receiver rejected \(rejected) of \(spanCount) spans: \(reason)"
        } else if !message.isEmpty {
            problem = "the receiver warns: \(message)"
        }
        return Telemetry.ExportResult(acknowledged: spanCount - rejected, dropped: rejected, problem: problem)
    }

    /// The body, if there is one. Some receivers answer in plain text whatever they were sent: that is not read.
    private static func body(_ response: WireResponse) -> ByteChunk? {
        guard case .buffered(let body) = response.body, !body.isEmpty else { return nil }
        return body
    }

    /// At most 200 characters, and no control characters: the text comes from outside and goes into logs.
    private static func printable(_ text: String) -> String {
        String(
            text.prefix(200).map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : $0 }
        )
    }
}
