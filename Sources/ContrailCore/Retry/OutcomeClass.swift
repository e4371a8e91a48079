/// What the outcome of a send means for sending again. Every outcome is in exactly one class.
public enum OutcomeClass: String, Sendable, Hashable, CaseIterable {
    /// It went well.
    case success
    /// Nothing reached the server: any request may be sent again.
    case notSent = "not_sent"
    /// It may have reached the server: only an idempotent request may be sent again.
    case ambiguous
    /// The server asked for less (429, 503; 413 if it says when to come back).
    case throttled
    /// The server failed in a way that may pass (408, 500, 502, 504).
    case transient
    /// Sending again cannot help.
    case final
}

extension OutcomeClass {
    /// The class of a response by its status (`docs/resilience.md`).
    ///
    /// 413 with a Retry-After is a condition that passes (RFC 9110 §15.5.14), without one it is not.
    static func of(status: Int, saysWhen: Bool = false) -> OutcomeClass {
        switch status {
        case 429, 503: .throttled
        case 413 where saysWhen: .throttled
        case 408, 500, 502, 504: .transient
        case ..<400: .success
        default: .final
        }
    }

    /// The class of a failure. Whether anything was sent is read from the count of wire sends, not guessed.
    static func of(_ error: TransportError) -> OutcomeClass {
        switch error.kind {
        case .nameResolution, .connect, .connectTimeout, .tlsHandshake, .localResources, .timeout, .headTimeout,
            .idleReadTimeout, .idleWriteTimeout, .staleConnection, .emptyReply, .connectionReset, .truncatedBody,
            .protocolViolation, .badContentEncoding:
            error.summary.wireSends == 0 ? .notSent : .ambiguous
        default:
            .final
        }
    }
}
