/// When to send again. Safe by default: never twice what the server may have acted upon, unless that does no harm.
public struct RetryPolicy: Sendable, Hashable {
    /// Sends in all, the first included; 1 means never again. Default 3. Values below 1 count as 1.
    public var maxAttempts = 3
    /// The waits in between.
    public var backOff = BackOff()

    /// The defaults.
    public init() {}

    /// Three sends with back-off.
    public static let standard = RetryPolicy()
    /// Two sends with back-off.
    public static let conservative: RetryPolicy = {
        var policy = RetryPolicy()
        policy.maxAttempts = 2
        return policy
    }()
    /// One send.
    public static let never: RetryPolicy = {
        var policy = RetryPolicy()
        policy.maxAttempts = 1
        return policy
    }()
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
}
