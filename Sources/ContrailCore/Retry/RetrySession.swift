import ContrailBase

/// Decides after every send of one call whether there is another. Pure: time and chance are handed in.
struct RetrySession {
    private let policy: RetryPolicy
    private let isIdempotent: Bool
    private let deadline: MonotonicInstant?
    private var attempts = 0
    private var usedTransparentRetry = false

    enum Decision: Equatable {
        /// This outcome is the call's.
        case finish
        /// It is the call's, though the class called for another send.
        case refuse(RetryRefusal)
        /// Send again after the delay.
        case retry(after: Duration)
    }

    /// Starting a send with less time than this left only produces a timeout.
    static let shortestAttempt = Duration.milliseconds(10)

    init(policy: RetryPolicy, isIdempotent: Bool, deadline: MonotonicInstant?) {
        self.policy = policy
        self.isIdempotent = isIdempotent
        self.deadline = deadline
    }

    /// - Parameter isStaleConnection: the send failed because a kept-alive connection had died.
    /// - Parameter canSendBody: another send would get the whole body.
    /// - Parameter unit: uniform in `0 ..< 1`.
    mutating func decide(
        after outcome: OutcomeClass, isStaleConnection: Bool, canSendBody: Bool = true, at now: MonotonicInstant,
        unit: Double
    ) -> Decision {
        attempts += 1
        guard outcome != .success, outcome != .final else { return .finish }
        guard outcome == .notSent || isIdempotent else { return .refuse(.notIdempotent) }
        guard canSendBody else { return .refuse(.bodyNotReplayable) }
        // A connection that died while idle says nothing about the server: the first time costs no attempt, no wait.
        if isStaleConnection, !usedTransparentRetry, policy.maxAttempts > 1 {
            usedTransparentRetry = true
            attempts -= 1
            return .retry(after: .zero)
        }
        guard attempts < policy.maxAttempts else { return .refuse(.attemptsUsed) }
        let delay = policy.backOff.delay(retry: attempts - 1, class: outcome, unit: unit)
        if let deadline, now + delay + Self.shortestAttempt > deadline { return .refuse(.deadline) }
        return .retry(after: delay)
    }
}
