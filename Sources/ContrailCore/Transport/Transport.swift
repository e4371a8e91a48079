public import ContrailBase
public import HTTPTypes

/// The seam below every policy: one send on the wire, head plus body back. No retry, no queue, no redirect.
///
/// Every implementation passes the same contract tests. It throws ``TransportError`` and nothing else, of kind
/// `.cancelled` if the task was cancelled; then nothing of the send is left behind.
public protocol Transport: Sendable {
    /// Sends `request` once and returns when the head (``BodyMode/streaming``) or the whole body
    /// (``BodyMode/buffered(maxBytes:)``) is there.
    func send(_ request: WireRequest, mode: BodyMode) async throws -> WireResponse

    /// Fails what is under way, closes all connections and ends all threads. Idempotent; returns when it is done.
    func shutdown() async
}

/// How the body comes back.
public enum BodyMode: Sendable, Hashable {
    /// Collected by the transport; more than `maxBytes` is ``TransportError/Kind/bodyTooLarge``.
    case buffered(maxBytes: Int)
    /// Handed up in chunks behind the head, no faster than they are taken.
    case streaming
}

/// A request as it goes on the wire: absolute, validated, headers complete.
public struct WireRequest: Sendable {
    /// The method; a token.
    public var method: HTTPRequest.Method
    /// Where it goes.
    public var url: RequestURL
    /// The header fields, in order. Content-Length, Transfer-Encoding, Connection and Expect are the
    /// transport's; a Host replaces the one from the URL.
    public var headers: HTTPFields
    /// The body; `nil` for none.
    public var body: WireBody?
    /// When the send must be over: the whole body if buffered, the head if streaming. `nil`: no limit.
    public var deadline: MonotonicInstant?
    /// When a streamed body must be over. `nil`: only the idle timeout rules it.
    public var bodyDeadline: MonotonicInstant?
    /// How many redirects led here; 0 for what the caller asked for. A step that adds credentials looks at this or at
    /// the URL's origin first: a redirect may lead to a stranger.
    public internal(set) var redirectCount = 0
    /// The longest time for DNS, TCP and TLS together. Default 10 s.
    public var connectTimeout: Duration = .seconds(10)
    /// The longest time from the request to the final head of the response. Default `nil`: the deadline rules.
    public var timeToHeadTimeout: Duration?
    /// The longest silence of the peer inside the body. Default 30 s. While a streamed body is not taken, the silence
    /// is not the peer's and does not count.
    public var idleReadTimeout: Duration = .seconds(30)

    /// The longest time in which the peer takes no byte of a body that is there to be sent. Default 30 s.
    public var idleWriteTimeout: Duration = .seconds(30)

    /// Whether compressed bodies are asked for and decoded. Default ``ContentDecoding/off``: a transport hands on what
    /// comes unless it is told otherwise.
    public var decoding = ContentDecoding.off

    /// Opens a connection even if one is idle. For warming up.
    package var needsNewConnection = false

    /// A request with default timeouts.
    public init(
        method: HTTPRequest.Method, url: RequestURL, headers: HTTPFields = [:], body: WireBody? = nil,
        deadline: MonotonicInstant? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
    }
}

/// What came back of one send.
///
/// Costs one reference to copy: it passes a dozen hands on its way up.
public struct WireResponse: Sendable {
    private var parts: Parts

    /// Status, version and header fields of the final response (1xx are skipped).
    public var head: ResponseHead {
        get { parts.head }
        set { change { $0.head = newValue } }
    }
    /// The body, collected or as a stream.
    public var body: Body {
        get { parts.body }
        set { change { $0.body = newValue } }
    }
    /// The fields that came behind a collected body (RFC 9110 §6.5); a stream's are at ``WireBodyStream/trailers``.
    public var trailers: HTTPFields {
        get { parts.trailers }
        set { change { $0.trailers = newValue } }
    }
    /// When what happened. For a stream only up to the head; the rest is at ``WireBodyStream/summary``.
    public var summary: SendSummary {
        get { parts.summary }
        set { change { $0.summary = newValue } }
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
        parts = Parts(head: head, body: body, trailers: [:], summary: summary)
    }

    private mutating func change(_ change: (Parts) -> Void) {
        if !isKnownUniquelyReferenced(&parts) {
            parts = Parts(head: parts.head, body: parts.body, trailers: parts.trailers, summary: parts.summary)
        }
        change(parts)
    }

    // SAFETY: changed by `change` alone, and only while a single response knows it; otherwise it is read.
    private final class Parts: @unchecked Sendable {
        var head: ResponseHead
        var body: Body
        var trailers: HTTPFields
        var summary: SendSummary

        init(head: ResponseHead, body: Body, trailers: HTTPFields, summary: SendSummary) {
            self.head = head
            self.body = body
            self.trailers = trailers
            self.summary = summary
        }
    }
}

/// A body that is still on the wire. Taken by one consumer; not taking it holds the peer back.
public protocol WireBodyStream: AnyObject, Sendable {
    /// The next chunk, or `nil` at the end. Throws ``TransportError``, of kind `.cancelled` if the task was
    /// cancelled, which also ends the send. After the end or an error it keeps answering the same.
    func next() async throws -> ByteChunk?
    /// Gives up the rest: a short one of known length is read and thrown away, so that the connection can be used again;
    /// otherwise the connection is closed. Idempotent, never blocks; also done by deinit.
    func cancel()
    /// The measurements; complete once the stream has ended.
    var summary: SendSummary { get }
    /// The fields behind the body (RFC 9110 §6.5), once ``next()`` has returned `nil`. Default: none.
    var trailers: HTTPFields { get }
}

extension WireBodyStream {
    /// None.
    public var trailers: HTTPFields { [:] }
}
