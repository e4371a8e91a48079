package import ContrailBase
package import ContrailCore

/// The attempts to deliver one batch: what came of each, and what to do next. No clock, no chance, no I/O of its own.
package struct ExportAttempts: Sendable {
    /// When to send again.
    package struct Policy: Sendable, Equatable {
        /// The wait before the second attempt, before jitter. Default 1 s.
        package var firstDelay: Duration = .seconds(1)
        /// The longest wait, before jitter; a Retry-After may ask for more. Default 5 s: half of the default deadline.
        package var maxDelay: Duration = .seconds(5)
        /// Attempts in all. Default 10; with the default deadline time runs out first.
        package var maxAttempts = 10

        package init() {}
    }

    /// What came of one attempt.
    package enum Outcome: Sendable, Equatable {
        /// An HTTP response, with the wait it asked for.
        case answered(status: Int, retryAfter: Duration?)
        /// No response. `wasSent`: the request was on the wire, at least in part.
        case failed(TransportError.Kind, wasSent: Bool)
        /// Cancelled while it was on the wire: the receiver may have it.
        case cancelled
    }

    /// What to do next.
    package enum Decision: Sendable, Equatable {
        /// The receiver has it.
        case delivered
        /// Send it again at this instant.
        case retry(at: MonotonicInstant)
        /// Trying again cannot help, or is not allowed.
        case giveUp
        /// Trying again could help, but there is no time or no attempt left.
        case outOfTime
    }

    private let policy: Policy
    private let deadline: MonotonicInstant?
    /// How many attempts were made.
    package private(set) var count = 0
    /// True if an attempt was sent and never answered: the receiver may have the batch.
    package private(set) var mayHaveArrived = false

    /// `deadline` covers all attempts and the waits between them; `nil` is no limit.
    package init(policy: Policy, deadline: MonotonicInstant?) {
        self.policy = policy
        self.deadline = deadline
    }

    /// Takes in what came of an attempt. `chance` is in `0 ..< 1`.
    package mutating func next(after outcome: Outcome, now: MonotonicInstant, chance: Double) -> Decision {
        count += 1
        switch outcome {
        case .answered(200..<300, _):
            return .delivered
        case .answered(let status, let retryAfter):
            guard Self.isRetryable(status: status) else { return .giveUp }
            return retry(now: now, chance: chance, atLeast: retryAfter ?? .zero)
        case .failed(let kind, let wasSent):
            mayHaveArrived = mayHaveArrived || wasSent
            guard Self.isRetryable(kind) else { return .giveUp }
            return retry(now: now, chance: chance, atLeast: .zero)
        case .cancelled:
            mayHaveArrived = true
            return .giveUp
        }
    }

    private func retry(now: MonotonicInstant, chance: Double, atLeast: Duration) -> Decision {
        guard count < policy.maxAttempts else { return .outOfTime }
        let instant = now + max(atLeast, delay(chance: chance))
        // A wait that ends at the deadline leaves no time to send: better to say so now than to sleep first.
        if let deadline, instant >= deadline { return .outOfTime }
        return .retry(at: instant)
    }

    /// Doubles with every attempt; half of it is fixed and half is chance, so that senders that failed together do not
    /// come back together, and none comes back at once.
    private func delay(chance: Double) -> Duration {
        var delay = policy.firstDelay
        for _ in 1..<max(count, 1) where delay < policy.maxDelay { delay *= 2 }
        return min(delay, policy.maxDelay) * (0.5 + chance / 2)
    }

    /// OTLP, "Retryable Response Codes": these four and no other.
    private static func isRetryable(status: Int) -> Bool { [429, 502, 503, 504].contains(status) }

    /// OTLP, "OTLP/HTTP Connection" and "All Other Responses": no connection, or a connection that ended without a
    /// response.
    private static func isRetryable(_ kind: TransportError.Kind) -> Bool {
        let retryable: Set<TransportError.Kind> = [
            .nameResolution, .connect, .connectTimeout, .tlsHandshake, .staleConnection, .emptyReply, .connectionReset,
            .localResources,
        ]
        return retryable.contains(kind)
    }
}
