public import ContrailBase
public import HTTPTypes

/// Sees every call: spans, metrics, logs and progress displays are observers; the policies know none of them.
///
/// Observers run on the caller's task. They must not block and cannot fail: telemetry does no harm.
public protocol CallObserver: Sendable {
    /// A call begins. Returns what will watch it, or `nil` for no interest, which costs nothing further.
    func callWillStart(_ call: CallStart) -> (any CallObservation)?
}

/// Watches one call. Every method is called in order of time; sends may overlap (hedging).
public protocol CallObservation: AnyObject, Sendable {
    /// A send is about to go to the transport. May set header fields: this is where trace context is injected.
    func sendWillStart(_ send: SendStart, headers: inout HTTPFields) -> (any SendObservation)?
    /// Something was decided or waited for.
    func record(_ event: CallEvent)
    /// The call is over. Called exactly once.
    func callDidEnd(_ end: CallEnd)
    /// Runs `operation` with this call as the ambient context: users' middleware may make spans and calls of its own.
    func withContext<Result>(_ operation: () async throws -> Result) async rethrows -> Result
}

/// Watches one send.
public protocol SendObservation: AnyObject, Sendable {
    /// The send is over: body complete, failed, dropped or cancelled. Called exactly once.
    func sendDidEnd(_ end: SendEnd)
}

/// The beginning of a call.
public struct CallStart: Sendable {
    /// The method.
    public let method: HTTPRequest.Method
    /// The URL.
    public let url: RequestURL
    /// The URL's low-cardinality form, if the caller gave one.
    public let urlTemplate: String?
    /// When, on the monotonic clock.
    public let start: MonotonicInstant
    /// The same moment on the wall clock, in nanoseconds since 1970: all wall times of the call are derived from it.
    public let wallNanoseconds: Int64
}

/// The beginning of a send.
public struct SendStart: Sendable {
    /// The send's number in the call, from 0.
    public let ordinal: Int
    /// What is sent.
    public let method: HTTPRequest.Method
    /// Where to.
    public let url: RequestURL
    /// The URL's low-cardinality form, if the caller gave one; `nil` once a redirect has led elsewhere.
    public let urlTemplate: String?
    /// When, on the monotonic clock.
    public let start: MonotonicInstant
}

/// The end of a send.
public struct SendEnd: Sendable {
    /// How it went.
    public let outcome: SendOutcome
    /// The measurements.
    public let summary: SendSummary
    /// When, on the monotonic clock.
    public let end: MonotonicInstant
}

/// How a send went.
public enum SendOutcome: Sendable {
    /// A response, whole.
    case response(ResponseHead)
    /// A failure, with the head if one had come.
    case failure(TransportError, ResponseHead?)
    /// The caller gave up, or dropped the body. Not an error.
    case cancelled(ResponseHead?)
}

/// The end of a call.
public struct CallEnd: Sendable {
    /// How it went.
    public let outcome: Outcome
    /// Sends that were made.
    public let sendCount: Int
    /// Redirects that were followed.
    public let redirectCount: Int
    /// Time spent waiting for permits.
    public let permitWait: Duration
    /// Time spent waiting for the rate limits.
    public let rateLimitWait: Duration
    /// Time spent between sends.
    public let backOffWait: Duration
    /// Time from the ends of sends to when the calling task ran again: what the runtime needed to wake it.
    public let resumeWait: Duration
    /// When, on the monotonic clock.
    public let end: MonotonicInstant

    /// How a call went.
    public enum Outcome: Sendable {
        /// A response, of whatever status.
        case response(status: Int)
        /// A failure.
        case failure(any Error)
        /// The caller gave up.
        case cancelled
    }
}

/// What policies decided, and what was waited for. New events may come: have a default case.
public enum CallEvent: Sendable {
    /// The call had to wait for a permit.
    case permitGranted(waited: Duration, at: MonotonicInstant)
    /// The call had to wait for its turn by the rate limits.
    case rateLimitPassed(waited: Duration, at: MonotonicInstant)
    /// A send was refused here, before anything went out.
    case sendRejected(SendRejection, at: MonotonicInstant)
    /// A send of this call opened or closed its origin's circuit.
    case circuitChanged(to: CircuitState, at: MonotonicInstant)
    /// A further send was made because the first takes longer than `after`.
    case hedgeIssued(after: Duration, at: MonotonicInstant)
    /// There is an answer: by a hedge, or by the first send after all.
    case hedgeDecided(hedgeWon: Bool, at: MonotonicInstant)
    /// The call will be sent again after `delay`.
    case retryScheduled(
        delay: Duration, reason: String, class: OutcomeClass, source: RetryDelaySource, at: MonotonicInstant)
    /// Another send was not made though the outcome called for one.
    case retryRefused(RetryRefusal, at: MonotonicInstant)
    /// The response leads elsewhere: the call goes on there.
    case redirectFollowed(HTTPCall.Redirect, at: MonotonicInstant)
    /// The response leads to where the call must not go: it fails.
    case redirectRefused(RedirectRefusal, at: MonotonicInstant)
}

/// Why a send was refused here.
public enum SendRejection: String, Sendable, Hashable {
    /// The origin's circuit is open.
    case circuitOpen = "circuit_open"
    /// The origin refuses much, and this share is held back.
    case throttled = "throttled"
    /// By the rate limits it could not start in time.
    case rateLimited = "rate_limited"
}
