import ContrailBase

/// Whether the threads that run tasks come round to a new one in time. Pure: the caller says what time it is.
///
/// A beat is a task that does nothing; how long it takes to run is how long every other waits. There is one at a time:
/// more would only make a starved pool longer in the queue.
struct TaskPulse {
    enum Tick: Equatable {
        /// Make a task that answers.
        case beat
        /// The last beat is not answered yet. Nothing to say about that, or not again so soon.
        case wait
        /// It is not answered, and somebody should know.
        case warn(Duration)
    }

    struct Answer: Equatable {
        let delay: Duration
        let warns: Bool
    }

    private let threshold: Duration
    private let warningInterval: Duration
    private var beatSent: MonotonicInstant?
    private var lastWarning: MonotonicInstant?

    init(threshold: Duration, warningInterval: Duration) {
        self.threshold = threshold
        self.warningInterval = warningInterval
    }

    /// Called once per interval.
    mutating func tick(at now: MonotonicInstant) -> Tick {
        guard let sent = beatSent else {
            beatSent = now
            return .beat
        }
        return warns(of: now - sent, at: now) ? .warn(now - sent) : .wait
    }

    /// The beat has run. `nil`: there was none.
    mutating func answered(at now: MonotonicInstant) -> Answer? {
        guard let sent = beatSent else { return nil }
        beatSent = nil
        return Answer(delay: now - sent, warns: warns(of: now - sent, at: now))
    }

    private mutating func warns(of delay: Duration, at now: MonotonicInstant) -> Bool {
        guard delay >= threshold else { return false }
        if let lastWarning, now - lastWarning < warningInterval { return false }
        lastWarning = now
        return true
    }
}
