import ContrailBase

/// Which deliveries a loop leaves to its relay, and when it does them itself. Decides only.
///
/// The relay needs a thread of those that run tasks. Where they are all busy, or blocked, it comes late, and tasks with executors of
/// their own must not wait for that: what it does not begin with in time is taken back, and it is left alone for a while.
struct RelayPace {
    /// How long the relay may take to begin. A free thread is there in microseconds.
    static let patience = Duration.milliseconds(1)
    /// How long a late relay is left alone: it delays one batch of those in this time.
    static let pause = Duration.milliseconds(100)

    private var handed: MonotonicInstant?
    private var resting: MonotonicInstant?

    /// Waking a single task is one wake either way.
    func leavesToRelay(_ count: Int, at now: @autoclosure () -> MonotonicInstant) -> Bool {
        guard count > 1 else { return false }
        return resting.map { now() >= $0 } ?? true
    }

    /// Something was handed over.
    mutating func handedOver(at now: MonotonicInstant) {
        resting = nil
        if handed == nil { handed = now }
    }

    /// The relay has begun with everything.
    mutating func hasBegun() { handed = nil }

    /// True while the relay may not have begun yet.
    var isWaiting: Bool { handed != nil }

    /// When the loop has to look after what it handed over; `nil`: not at all.
    var deadline: MonotonicInstant? { handed.map { $0 + Self.patience } }

    /// True if what was handed over has to be taken back; it counts as done then.
    mutating func isLate(at now: MonotonicInstant) -> Bool {
        guard let deadline, now >= deadline else { return false }
        handed = nil
        resting = now + Self.pause
        return true
    }
}
