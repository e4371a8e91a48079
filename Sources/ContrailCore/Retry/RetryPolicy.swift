/// When to send again. Safe by default: never twice what the server may have acted upon, unless that does no harm.
///
/// Whatever the policy says, no send follows a response that the caller has begun to read, a body that cannot be sent
/// again, the end of the call's time, or a used-up retry budget.
public struct RetryPolicy: Sendable {
    /// Sends in all, the first included; 1 means never again. Default 3. Values below 1 count as 1.
    public var maxAttempts = 3
    /// The waits in between.
    public var backOff = BackOff()
    /// The longest wait that a server may ask for, by Retry-After or a rate limit's reset. Asked for more, the response
    /// is returned at once. Default 60 s.
    public var maxServerDelay: Duration = .seconds(60)
    /// Whether requests that are not idempotent are sent again after 429 and 503. Most APIs answer so before they act;
    /// a proxy in between may not. Default false.
    public var repeatsThrottledUnsafeRequests = false
    /// A rule of one's own, asked after every send that did not go well: a plain function, without state. Default `nil`.
    /// Runs on the calling task and must not block.
    public var rule: (@Sendable (RetryOutcome) -> RetryAdvice)?

    /// The defaults.
    public init() {}

    /// Three sends with back-off.
    public static let standard = RetryPolicy()
    /// Two sends with back-off: half of the extra load; a second retry seldom helps where the first did not.
    public static let conservative: RetryPolicy = {
        var policy = RetryPolicy()
        policy.maxAttempts = 2
        return policy
    }()
    /// As ``standard``, and 429 and 503 are repeated for every method: for APIs known to refuse before they act.
    public static let apiClient: RetryPolicy = {
        var policy = RetryPolicy()
        policy.repeatsThrottledUnsafeRequests = true
        return policy
    }()
    /// One send.
    public static let never: RetryPolicy = {
        var policy = RetryPolicy()
        policy.maxAttempts = 1
        return policy
    }()

    /// As ``standard``, with a rule of one's own.
    public static func custom(_ rule: @escaping @Sendable (RetryOutcome) -> RetryAdvice) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.rule = rule
        return policy
    }
}

/// What a rule of one's own says about an outcome.
public struct RetryAdvice: Sendable, Hashable {
    enum Kind: Hashable {
        case standard
        case stop
        case again(after: Duration?, evenIfNotIdempotent: Bool)
    }

    let kind: Kind

    /// As if there were no rule.
    public static let standard = RetryAdvice(kind: .standard)
    /// This outcome is the call's.
    public static let stop = RetryAdvice(kind: .stop)
    /// Send again, whatever the class says: while attempts, time and budget last.
    ///
    /// - Parameters:
    ///   - delay: the wait; `nil`: back-off, or what the server asks for.
    ///   - evenIfNotIdempotent: also if the server may have acted on the request and doing so twice may do harm.
    public static func again(after delay: Duration? = nil, evenIfNotIdempotent: Bool = false) -> RetryAdvice {
        RetryAdvice(kind: .again(after: delay, evenIfNotIdempotent: evenIfNotIdempotent))
    }
}

/// Why an outcome that called for another send got none.
public enum RetryRefusal: String, Sendable, Hashable {
    /// All attempts are used.
    case attemptsUsed = "attempts_used"
    /// The server may have acted on the request, and doing so twice may do harm.
    case notIdempotent = "not_idempotent"
    /// The body can be sent once only, and bytes of it were taken.
    case bodyNotReplayable = "body_not_replayable"
    /// The wait would not fit before the deadline.
    case deadline
    /// The server asked for a longer wait than the policy allows.
    case serverDelayTooLong = "server_delay_too_long"
    /// Too many retries to this origin already: the retry budget is used up.
    case budgetExhausted = "budget_exhausted"
    /// The policy's own rule said stop.
    case rule
    /// The next send was not admitted: a limit, a full queue or an open circuit.
    case notAdmitted = "not_admitted"
}
