import ContrailBase

/// Decides when a send gets company, and whose answer counts. Pure.
///
/// The budgets are shared with other calls and asked by the driver when a hedge is due; without budget no further hedge is
/// made, and what is under way goes on.
struct HedgeSession {
    private let delay: Duration
    private let maxExtraSends: Int
    private(set) var sends = 1
    private var underWay = 1
    private var isOver = false
    /// No further hedges: no budget, or the origin asked to be left alone.
    private var isStopped = false

    enum Decision: Equatable {
        /// This answer counts; the others are given up.
        case win
        /// Another one may still do better.
        case wait
        /// It was the last, and none went well: this one is handed up.
        case finish
    }

    init(delay: Duration, maxExtraSends: Int) {
        self.delay = max(delay, .milliseconds(1))
        self.maxExtraSends = maxExtraSends
    }

    /// When the next hedge is due, after a send at `now`; `nil`: never.
    func nextHedge(after now: MonotonicInstant) -> MonotonicInstant? {
        isOver || isStopped || sends > maxExtraSends ? nil : now + delay
    }

    /// A hedge is due. True if it is to be made.
    mutating func hedgeIsDue(hasBudget: () -> Bool) -> Bool {
        guard !isOver, !isStopped, sends <= maxExtraSends else { return false }
        guard hasBudget() else {
            isStopped = true
            return false
        }
        sends += 1
        underWay += 1
        return true
    }

    /// A send has ended. What cannot be improved counts at once, be it good or bad; a failure that may pass waits for the
    /// others.
    mutating func ended(_ outcome: OutcomeClass, serverAsksToWait: Bool = false) -> Decision {
        underWay -= 1
        if serverAsksToWait { isStopped = true }
        guard !isOver else { return .wait }
        if outcome == .success || outcome == .final {
            isOver = true
            return .win
        }
        guard underWay == 0 else { return .wait }
        isOver = true
        return .finish
    }
}
