import ContrailBase

/// Decides after every send of one call whether there is another. Pure: time and chance are handed in.
///
/// The retry budget is shared with other calls and asked by the driver, last of all: nothing is drawn from it for a send
/// that is not made.
struct RetrySession {
    private let policy: RetryPolicy
    private let deadline: MonotonicInstant?
    private var isIdempotent = false
    /// Sends of the call; of those that went well, and led elsewhere, none.
    private(set) var attempts = 0
    private var usedTransparentRetry = false

    enum Decision: Equatable {
        /// This outcome is the call's.
        case finish
        /// It is the call's, though the class called for another send.
        case refuse(RetryRefusal)
        /// Send again after the delay.
        case retry(after: Duration, source: RetryDelaySource)
    }

    /// Uniform in `0 ..< 1`: one number for the back-off, one for the spread above what a server asks for.
    struct Chance {
        var backOff: Double
        var spread: Double
    }

    /// Starting a send with less time than this left only produces a timeout.
    static let shortestAttempt = Duration.milliseconds(10)

    init(policy: RetryPolicy, deadline: MonotonicInstant?) {
        self.policy = policy
        self.deadline = deadline
    }

    /// The call's request, or the one that a redirect made of it. What was used up before stays used up.
    mutating func begin(isIdempotent: Bool) { self.isIdempotent = isIdempotent }

    /// Sends beside the one that is decided about: hedges. They count as attempts.
    mutating func noteFurtherSends(_ count: Int) { attempts += count }

    /// - Parameter canSendBody: another send would get the whole body.
    mutating func decide(
        after outcome: RetryOutcome, canSendBody: Bool = true, at now: MonotonicInstant, chance: Chance
    ) -> Decision {
        guard outcome.outcomeClass != .success else { return .finish }
        attempts += 1
        let advice = advice(outcome)
        switch advice {
        case .stop: return .refuse(.rule)
        case .standard where outcome.outcomeClass == .final: return .finish
        default: break
        }
        guard isRepeatable(outcome.outcomeClass, advice) else { return .refuse(.notIdempotent) }
        guard canSendBody else { return .refuse(.bodyNotReplayable) }
        // A connection that died while idle says nothing about the server: the first time costs no attempt, no wait.
        if outcome.isStaleConnection, !usedTransparentRetry, policy.maxAttempts > 1 {
            usedTransparentRetry = true
            attempts -= 1
            return .retry(after: .zero, source: .transparent)
        }
        guard attempts < policy.maxAttempts else { return .refuse(.attemptsUsed) }
        return wait(outcome, advice, now, chance)
    }

    private func advice(_ outcome: RetryOutcome) -> RetryAdvice.Kind {
        guard let rule = policy.rule, outcome.isOfASend else { return .standard }
        var outcome = outcome
        outcome.isIdempotent = isIdempotent
        outcome.attempts = attempts
        return rule(outcome).kind
    }

    private func isRepeatable(_ outcome: OutcomeClass, _ advice: RetryAdvice.Kind) -> Bool {
        if isIdempotent || outcome == .notSent { return true }
        if case .again(_, evenIfNotIdempotent: true) = advice { return true }
        return outcome == .throttled && policy.repeatsThrottledUnsafeRequests
    }

    /// Never sleeps in vain: a wait that is too long, or ends too late for another send, is not begun.
    private func wait(
        _ outcome: RetryOutcome, _ advice: RetryAdvice.Kind, _ now: MonotonicInstant, _ chance: Chance
    ) -> Decision {
        var (delay, source) = (
            policy.backOff.delay(retry: attempts - 1, class: outcome.outcomeClass, unit: chance.backOff),
            RetryDelaySource.backOff
        )
        if case .again(let own?, _) = advice {
            (delay, source) = (min(max(own, .zero), BackOff.longest), .policy)
        } else if let asked = outcome.serverDelay {
            guard asked.delay <= policy.maxServerDelay else { return .refuse(.serverDelayTooLong) }
            if asked.delay >= delay, asked.delay > .zero { source = asked.source }
            // Upward only: no client comes before it was asked to, and not all at the same moment.
            delay = max(delay, asked.delay) + min(.seconds(1), asked.delay / 10) * chance.spread
        }
        if let deadline, now + delay + Self.shortestAttempt > deadline { return .refuse(.deadline) }
        return .retry(after: delay, source: source)
    }
}
