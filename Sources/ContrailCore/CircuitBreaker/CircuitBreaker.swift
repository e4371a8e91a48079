import ContrailBase

/// The circuit breaker of one origin. Pure: time and chance are handed in.
struct CircuitBreaker {
    /// The right to send; to be handed back with the outcome.
    struct Pass: Sendable, Equatable {
        fileprivate let generation: Int
    }

    enum Answer: Equatable {
        case admitted(Pass)
        /// Not before `until`; half open, that is not known.
        case rejected(until: MonotonicInstant?)
    }

    enum Outcome: Sendable, Equatable {
        case success, failure
        /// Says nothing about the origin: cancelled, or refused by this client.
        case ignored
    }

    private enum Phase {
        case closed
        case open(until: MonotonicInstant)
        case halfOpen(underWay: Int, successes: Int)
    }

    private let policy: CircuitBreakerPolicy
    private var phase = Phase.closed
    private var counts: RollingSums
    /// Counts changes of the phase: what was admitted before one says nothing after it.
    private var generation = 0
    /// How often it was opened since it was last closed.
    private var openings = 0

    init(_ policy: CircuitBreakerPolicy) {
        self.policy = policy
        counts = RollingSums(window: policy.window, slots: 10)
    }

    var state: CircuitState {
        switch phase {
        case .closed: .closed
        case .open: .open
        case .halfOpen: .halfOpen
        }
    }

    mutating func admit(at now: MonotonicInstant) -> Answer {
        switch phase {
        case .closed:
            return .admitted(Pass(generation: generation))
        case .open(let until) where now < until:
            return .rejected(until: until)
        case .open:
            enter(.halfOpen(underWay: 1, successes: 0))
            return .admitted(Pass(generation: generation))
        case .halfOpen(let underWay, let successes):
            guard underWay + successes < max(policy.probes, 1) else { return .rejected(until: nil) }
            phase = .halfOpen(underWay: underWay + 1, successes: successes)
            return .admitted(Pass(generation: generation))
        }
    }

    /// - Parameter unit: uniform in `0 ..< 1`, for the length of the break.
    mutating func record(_ outcome: Outcome, of pass: Pass, at now: MonotonicInstant, unit: Double) {
        guard pass.generation == generation else { return }
        switch phase {
        case .closed: count(outcome, now, unit)
        case .open: break
        case .halfOpen(let underWay, let successes):
            switch outcome {
            case .ignored: phase = .halfOpen(underWay: underWay - 1, successes: successes)
            case .failure: open(now, unit)
            case .success where successes + 1 >= max(policy.probes, 1): close()
            case .success: phase = .halfOpen(underWay: underWay - 1, successes: successes + 1)
            }
        }
    }

    private mutating func count(_ outcome: Outcome, _ now: MonotonicInstant, _ unit: Double) {
        guard outcome != .ignored else { return }
        counts.add(1, outcome == .failure ? 1 : 0, at: now)
        let (sends, failures) = counts.sums(at: now)
        guard outcome == .failure, sends >= policy.minSends, Double(failures) >= Double(sends) * policy.failureRatio
        else { return }
        open(now, unit)
    }

    private mutating func open(_ now: MonotonicInstant, _ unit: Double) {
        var length = max(policy.openTime, .milliseconds(1))
        for _ in 0..<min(openings, 32) where length < policy.maxOpenTime { length *= 2 }
        openings += 1
        enter(.open(until: now + min(length, max(policy.maxOpenTime, .milliseconds(1))) * (0.8 + 0.4 * unit)))
    }

    private mutating func close() {
        openings = 0
        counts.reset()
        enter(.closed)
    }

    private mutating func enter(_ next: Phase) {
        phase = next
        generation += 1
    }
}
