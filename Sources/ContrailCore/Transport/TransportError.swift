/// Why a send failed, as the transport saw it. Policies look at ``kind`` and at the summary, never at the text.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    /// What went wrong. New kinds may come: always have a default case.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        private init(_ name: String) { self.name = name }
        /// A low-cardinality name, fit for `error.type`.
        public var description: String { name }

        /// The name could not be resolved. Nothing was sent.
        public static let nameResolution = Kind("name_resolution")
        /// No connection could be made (refused, unreachable, no route). Nothing was sent.
        public static let connect = Kind("connect")
        /// DNS, TCP and TLS together took longer than the connect timeout. Nothing was sent.
        public static let connectTimeout = Kind("connect_timeout")
        /// The TLS handshake broke off. Nothing was sent; trying again can help.
        public static let tlsHandshake = Kind("tls_handshake")
        /// The peer's certificate is not acceptable. Trying again cannot help.
        public static let certificate = Kind("certificate")
        /// The send took longer than the attempt timeout. The phase says in which state it was.
        public static let timeout = Kind("timeout")
        /// The request went out, and the head of the response did not come in time.
        public static let headTimeout = Kind("head_timeout")
        /// The peer was silent inside the body for too long.
        public static let idleReadTimeout = Kind("idle_read_timeout")
        /// The peer took no byte of the request body for too long.
        public static let idleWriteTimeout = Kind("idle_write_timeout")
        /// The source of the request body failed; `cause` is its error. The caller's.
        public static let requestBodyFailed = Kind("request_body_failed")
        /// The source of the request body brought fewer or more bytes than it had promised. The caller's.
        public static let requestBodyLength = Kind("request_body_length")
        /// A kept-alive connection died before a byte of the response; the peer may or may not have acted.
        public static let staleConnection = Kind("stale_connection")
        /// The connection closed before a byte of the response.
        public static let emptyReply = Kind("empty_reply")
        /// The connection was reset or broke while sending or receiving.
        public static let connectionReset = Kind("connection_reset")
        /// The body ended early: fewer bytes than announced, or a missing last chunk.
        public static let truncatedBody = Kind("truncated_body")
        /// What came is not HTTP.
        public static let protocolViolation = Kind("protocol_violation")
        /// The header block is larger than the limit.
        public static let headersTooLarge = Kind("headers_too_large")
        /// The body is larger than the limit.
        public static let bodyTooLarge = Kind("body_too_large")
        /// The body is not in the coding that its Content-Encoding names, or in none that was asked for.
        public static let badContentEncoding = Kind("bad_content_encoding")
        /// The body grows too much when it is decoded (``ContentDecoding/maxRatio``).
        public static let decompressionBomb = Kind("decompression_bomb")
        /// The request cannot be sent as it is (a method that is no token, say). The caller's fault.
        public static let invalidRequest = Kind("invalid_request")
        /// The task was cancelled. The pipeline turns this into `CancellationError`; it keeps the measurements for it.
        public static let cancelled = Kind("cancelled")
        /// The transport was shut down.
        public static let shutDown = Kind("shut_down")
        /// Out of descriptors, threads or memory on this machine.
        public static let localResources = Kind("local_resources")
        /// Anything else; the message says what.
        public static let other = Kind("_OTHER")
    }

    /// What went wrong.
    public var kind: Kind
    /// One sentence for people: what, where, what to do. Holds no secret.
    public var message: String
    /// The measurements up to the failure.
    public var summary: SendSummary
    /// The caller's own error that ended the send (what the source of a request body threw), if there is one.
    public var cause: (any Error)?

    /// In which stretch of the send it failed: what a timeout was waiting for.
    public var phase: SendSummary.Phase { summary.phase }

    /// An error.
    public init(_ kind: Kind, _ message: String, summary: SendSummary, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.summary = summary
        self.cause = cause
    }

    /// The kind and the message.
    public var description: String { "\(kind): \(message)" }
}

extension TransportError {
    package static let cancelledMessage = "the task was cancelled"

    /// The caller gave up.
    package static func cancelled(_ summary: SendSummary) -> TransportError {
        TransportError(.cancelled, cancelledMessage, summary: summary)
    }
}
