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
    /// The longest silence of the peer inside a streamed body. Default 30 s.
    public var idleReadTimeout: Duration = .seconds(30)

    /// The longest time in which the peer takes no byte of a body that is there to be sent. Default 30 s.
    public var idleWriteTimeout: Duration = .seconds(30)

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
public struct WireResponse: Sendable {
    /// Status, version and header fields of the final response (1xx are skipped).
    public var head: ResponseHead
    /// The body, collected or as a stream.
    public var body: Body
    /// When what happened. For a stream only up to the head; the rest is at ``WireBodyStream/summary``.
    public var summary: SendSummary

    /// A collected or a streamed body.
    public enum Body: Sendable {
        /// All of it.
        case buffered(ByteChunk)
        /// Still to be taken.
        case stream(any WireBodyStream)
    }

    /// A response.
    public init(head: ResponseHead, body: Body, summary: SendSummary) {
        self.head = head
        self.body = body
        self.summary = summary
    }
}

/// A body that is still on the wire. Taken by one consumer; not taking it holds the peer back.
public protocol WireBodyStream: AnyObject, Sendable {
    /// The next chunk, or `nil` at the end. Throws ``TransportError``, of kind `.cancelled` if the task was
    /// cancelled, which also ends the send. After the end or an error it keeps answering the same.
    func next() async throws -> ByteChunk?
    /// Gives up the rest: the connection is closed or drained. Idempotent, never blocks; also done by deinit.
    func cancel()
    /// The measurements; complete once the stream has ended.
    var summary: SendSummary { get }
}
