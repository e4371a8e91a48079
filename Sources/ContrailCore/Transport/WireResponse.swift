public import ContrailBase
public import HTTPTypes

/// What came back of one send.
///
/// Costs one reference to copy: it passes a dozen hands on its way up.
public struct WireResponse: Sendable {
    private var parts: Shared<Parts>

    /// Status, version and header fields of the final response (1xx are skipped).
    public var head: ResponseHead {
        _read { yield parts.value.head }
        _modify { yield &parts.value.head }
    }
    /// The body, collected or as a stream.
    public var body: Body {
        _read { yield parts.value.body }
        _modify { yield &parts.value.body }
    }
    /// The fields that came behind a collected body (RFC 9110 §6.5); a stream's are at ``WireBodyStream/trailers``.
    public var trailers: HTTPFields {
        _read { yield parts.value.trailers }
        _modify { yield &parts.value.trailers }
    }
    /// When what happened. For a stream only up to the head; the rest is at ``WireBodyStream/summary``.
    public var summary: SendSummary {
        _read { yield parts.value.summary }
        _modify { yield &parts.value.summary }
    }

    /// A collected or a streamed body.
    public enum Body: Sendable {
        /// All of it.
        case buffered(ByteChunk)
        /// Still to be taken.
        case stream(any WireBodyStream)
    }

    /// A response.
    public init(head: ResponseHead, body: Body, summary: SendSummary) {
        parts = Shared(Parts(head: head, body: body, summary: summary))
    }

    private struct Parts {
        var head: ResponseHead
        var body: Body
        var trailers: HTTPFields = [:]
        var summary: SendSummary
    }
}
