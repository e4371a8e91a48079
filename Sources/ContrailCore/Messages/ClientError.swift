import HTTPTypes

/// Why a call failed. Look at ``code``; the message is for people. Holds no secret.
///
/// `CancellationError` is not wrapped: a cancelled call throws just that.
public struct ClientError: Error, Sendable, CustomStringConvertible {
    /// What went wrong: whose fault, and whether sending again can help. New codes may come: have a default case.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        private init(_ name: String) { self.name = name }
        /// A low-cardinality name, the same as in `error.type` of the span.
        public var description: String { name }

        /// The caller's: the text is no URL that can be fetched.
        public static let invalidURL = Code("invalid_url")
        /// The caller's: the request cannot be sent as it is.
        public static let invalidRequest = Code("invalid_request")
        /// This client's load: the queue for permits is full. Later it may not be.
        public static let queueFull = Code("queue_full")
        /// This client's load: it made room in the queue for a request of higher priority. Later it may not have to.
        public static let shed = Code("shed")
        /// This client's load: it waited for a permit as long as the limits allow.
        public static let queueTimeout = Code("queue_timeout")
        /// The rate limits: it could not start before its deadline, or costs more than they ever allow.
        public static let rateLimited = Code("rate_limited")
        /// The origin's failures: its circuit is open. Later it will not be.
        public static let circuitOpen = Code("circuit_open")
        /// The origin's refusals: adaptive throttling held this one back. Another may pass.
        public static let throttled = Code("throttled")
        /// Time: the whole call took longer than it may. `phase` says where it was.
        public static let deadlineExceeded = Code("deadline_exceeded")
        /// The client was shut down.
        public static let shutDown = Code("shut_down")
        /// ``HTTPCall/Response/validateStatus(in:)`` was asked and said no.
        public static let badStatus = Code("bad_status")
        /// The body is not what the caller expected.
        public static let decoding = Code("decoding")
        /// The peer's, mostly: more redirects than the policy allows, or a loop of them. ``ClientError/response`` is the
        /// last one.
        public static let tooManyRedirects = Code("too_many_redirects")
        /// The peer's: a redirect whose Location cannot be read. ``ClientError/response`` is that redirect.
        public static let invalidRedirect = Code("invalid_redirect")
        /// The policy's: a redirect to where the call must not go, or one whose body cannot be sent again.
        /// ``ClientError/response`` is that redirect.
        public static let redirectRefused = Code("redirect_refused")
        /// This machine's: a downloaded file has no room; ``ClientError/cause`` is a ``HTTPCall/FileProblem``.
        public static let diskFull = Code("disk_full")
        /// The caller's or this machine's: a file cannot be written; ``ClientError/cause`` is a ``HTTPCall/FileProblem``.
        public static let fileUnwritable = Code("file_unwritable")
        /// The peer's: it sent another part of a file than it was asked for or than it announced.
        public static let invalidRange = Code("invalid_range")
        /// A line of the body is longer than the reader allows; ``ClientError/line`` says which.
        public static let lineTooLong = Code("line_too_long")
        /// An event of the body is larger than the reader allows.
        public static let eventTooLarge = Code("event_too_large")
        /// The caller's: the body was used after the time for which it was lent.
        public static let bodyOutOfScope = Code("body_out_of_scope")
        /// The caller's options: so many of many requests failed that the rest was cancelled. ``ClientError/cause`` is the
        /// last failure.
        public static let gatherStopped = Code("gather_stopped")
        /// The caller's sequence of requests or items failed; ``ClientError/cause`` is what it threw.
        public static let sourceFailed = Code("source_failed")
        /// The peer's: a page names one as the next that was fetched already.
        public static let pageLoop = Code("page_loop")
        /// There are more pages than the caller wants to fetch.
        public static let tooManyPages = Code("too_many_pages")
        /// The peer's: a page names as the next what cannot be read, or leads to another origin.
        public static let invalidLink = Code("invalid_link")
        /// One send failed on the wire: the names of ``TransportError/Kind``.
        public static func transport(_ kind: TransportError.Kind) -> Code { Code(kind.description) }
    }

    /// What went wrong.
    public var code: Code
    /// What, where, and what to do, in a sentence.
    public var message: String
    /// The error below, if there is one.
    public var cause: (any Error)?
    /// The method and the URL without query; of a URL that could not be read, the part that can hold no secret.
    public var target: String?
    /// Where the call was; `nil` if it never began.
    public var phase: Phase?
    /// In which stretch the last send was when it failed or ran out of time: DNS, connecting, waiting, and so on. `nil`
    /// if no send was under way.
    public var sendPhase: SendSummary.Phase?
    /// Every send that was made.
    public var attempts: [HTTPCall.Attempt] = []
    /// The line of the body that could not be read, from 1; `nil` if it is not about a line.
    public var line: Int?
    /// The response that was refused by `validateStatus`, could not be decoded, or is a redirect that was not followed.
    /// The body of a streamed one is empty: it was given up.
    public var response: HTTPCall.Response?

    /// Where a call can be when it fails.
    public enum Phase: Sendable, Hashable {
        /// Waiting for a permit.
        case admission
        /// On the wire, or about to be.
        case send
        /// Waiting to send again.
        case backOff
        /// Done with the wire.
        case response
    }

    package init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, target: String? = nil, phase: Phase? = nil
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.target = target
        self.phase = phase
    }

    /// Code, message and target in a line.
    public var description: String {
        let sends = attempts.count > 1 ? " after \(attempts.count) sends" : ""
        return "\(code)\(sends): \(message)" + (target.map { " (\($0))" } ?? "")
    }

    /// A short, low-cardinality name, fit for metric labels.
    public var shortDescription: String { code.description }
}

extension ClientError {
    static func badStatus(_ response: HTTPCall.Response) -> ClientError {
        var error = ClientError(
            .badStatus, "The server answered \(response.status.code).",
            target: "\(response.method) \(response.url.withoutQuery)", phase: .response)
        error.attempts = response.attempts
        error.response = response
        return error
    }

    static func decoding(_ cause: any Error, type: String, response: HTTPCall.Response) -> ClientError {
        var error = ClientError(
            .decoding, "The body (\(response.body.count) bytes, status \(response.status.code)) is no \(type).",
            cause: cause, target: "\(response.method) \(response.url.withoutQuery)", phase: .response)
        error.attempts = response.attempts
        error.response = response
        return error
    }
}
