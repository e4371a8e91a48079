public import ContrailBase
public import HTTPTypes

/// A request as it goes on the wire: absolute, validated, headers complete.
///
/// Costs one reference to copy: it passes a dozen hands on its way down.
public struct WireRequest: Sendable {
    private var parts: Shared<Parts>

    /// The method; a token.
    public var method: HTTPRequest.Method {
        get { parts.value.method }
        set { parts.value.method = newValue }
    }
    /// Where it goes.
    public var url: RequestURL {
        get { parts.value.url }
        set { parts.value.url = newValue }
    }
    /// Where it goes to, without a copy of the rest of the URL.
    package var origin: Origin { parts.value.url.origin }
    /// The header fields, in order. Content-Length, Transfer-Encoding, Connection and Expect are the
    /// transport's; a Host replaces the one from the URL.
    public var headers: HTTPFields {
        get { parts.value.headers }
        _modify { yield &parts.value.headers }
    }
    /// The body; `nil` for none.
    public var body: WireBody? {
        get { parts.value.body }
        set { parts.value.body = newValue }
    }
    /// When the send must be over: the whole body if buffered, the head if streaming. `nil`: no limit.
    public var deadline: MonotonicInstant? {
        get { parts.value.deadline }
        set { parts.value.deadline = newValue }
    }
    /// When a streamed body must be over. `nil`: only the idle timeout rules it.
    public var bodyDeadline: MonotonicInstant? {
        get { parts.value.bodyDeadline }
        set { parts.value.bodyDeadline = newValue }
    }
    /// How many redirects led here; 0 for what the caller asked for. A step that adds credentials looks at this or at
    /// the URL's origin first: a redirect may lead to a stranger.
    public internal(set) var redirectCount: Int {
        get { parts.value.redirectCount }
        set { parts.value.redirectCount = newValue }
    }
    /// The longest time for DNS, TCP and TLS together. Default 10 s.
    public var connectTimeout: Duration {
        get { parts.value.terms.value.connectTimeout }
        set { parts.value.terms.value.connectTimeout = newValue }
    }
    /// The longest time from the request to the final head of the response. Default `nil`: the deadline rules.
    public var timeToHeadTimeout: Duration? {
        get { parts.value.terms.value.timeToHeadTimeout }
        set { parts.value.terms.value.timeToHeadTimeout = newValue }
    }
    /// The longest silence of the peer inside the body. Default 30 s. While a streamed body is not taken, the silence
    /// is not the peer's and does not count.
    public var idleReadTimeout: Duration {
        get { parts.value.terms.value.idleReadTimeout }
        set { parts.value.terms.value.idleReadTimeout = newValue }
    }
    /// The longest time in which the peer takes no byte of a body that is there to be sent. Default 30 s.
    public var idleWriteTimeout: Duration {
        get { parts.value.terms.value.idleWriteTimeout }
        set { parts.value.terms.value.idleWriteTimeout = newValue }
    }
    /// Whether compressed bodies are asked for and decoded. Default ``ContentDecoding/off``: a transport hands on what
    /// comes unless it is told otherwise.
    public var decoding: ContentDecoding {
        get { parts.value.terms.value.decoding }
        set { parts.value.terms.value.decoding = newValue }
    }
    /// Opens a connection even if one is idle. For warming up.
    package var needsNewConnection: Bool {
        get { parts.value.needsNewConnection }
        set { parts.value.needsNewConnection = newValue }
    }

    /// A request with default timeouts.
    public init(
        method: HTTPRequest.Method, url: RequestURL, headers: HTTPFields = [:], body: WireBody? = nil,
        deadline: MonotonicInstant? = nil
    ) {
        self.init(
            method: method, url: url, headers: headers, body: body, deadline: deadline, terms: Self.defaultTerms)
    }

    init(
        method: HTTPRequest.Method, url: RequestURL, headers: HTTPFields, body: WireBody?,
        deadline: MonotonicInstant? = nil, terms: Shared<Terms>
    ) {
        parts = Shared(
            Parts(method: method, url: url, headers: headers, body: body, deadline: deadline, terms: terms))
    }

    /// What the requests of a client mostly have in common: one copy for all.
    struct Terms {
        var connectTimeout: Duration = .seconds(10)
        var timeToHeadTimeout: Duration?
        var idleReadTimeout: Duration = .seconds(30)
        var idleWriteTimeout: Duration = .seconds(30)
        var decoding = ContentDecoding.off
    }

    private static let defaultTerms = Shared(Terms())

    private struct Parts {
        var method: HTTPRequest.Method
        var url: RequestURL
        var headers: HTTPFields
        var body: WireBody?
        var deadline: MonotonicInstant?
        var bodyDeadline: MonotonicInstant?
        var redirectCount: Int = 0
        var terms: Shared<Terms>
        var needsNewConnection: Bool = false
    }
}
