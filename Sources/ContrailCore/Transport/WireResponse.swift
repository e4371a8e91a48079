public import ContrailBase
public import HTTPTypes

/// What came back of one send.
///
/// Costs one reference to copy: it passes a dozen hands on its way up.
public struct WireResponse: Sendable {
    private var parts: Shared<Parts>

    /// Status, version and header fields of the final response (1xx are skipped).
    public var head: ResponseHead {
        get { parts.value.head }
        set { parts.value.head = newValue }
    }
    /// The code alone: a copy of the head is five counted references.
    package var statusCode: Int { parts.value.head.status.code }
    /// The body, collected or as a stream.
    public var body: Body {
        get { parts.value.body }
        set { parts.value.body = newValue }
    }
    /// The fields that came behind a collected body (RFC 9110 §6.5); a stream's are at ``WireBodyStream/trailers``.
    public var trailers: HTTPFields {
        get { parts.value.trailers }
        set { parts.value.trailers = newValue }
    }
    /// When what happened. For a stream only up to the head; the rest is at ``WireBodyStream/summary``.
    public var summary: SendSummary {
        get { parts.value.summary }
        set { parts.value.summary = newValue }
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
        self.init(head: head, body: body, trailers: [:], summary: summary)
    }

    /// A response with the fields behind its body.
    package init(head: ResponseHead, body: Body, trailers: HTTPFields, summary: SendSummary) {
        parts = Shared(Parts(head: head, body: body, trailers: trailers, summary: summary))
    }

    private struct Parts {
        var head: ResponseHead
        var body: Body
        var trailers: HTTPFields
        var summary: SendSummary
    }
}
