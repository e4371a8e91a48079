import ContrailBase

/// The retry budgets of a client's origins: drives ``RetryBudgetWindow``.
final class RetryBudgets: Sendable {
    private let budget: RetryBudget?
    private let windows: Locked<LRUTable<Origin, RetryBudgetWindow>>

    /// - Parameter budget: `nil`: no limit.
    init(_ budget: RetryBudget?) {
        self.budget = budget
        windows = Locked(LRUTable(capacity: Origin.maxRemembered))
    }

    func noteSuccess(_ origin: Origin, at now: MonotonicInstant) {
        guard let budget else { return }
        windows.withLock { $0.update(origin, initial: RetryBudgetWindow(budget)) { $0.noteSuccess(at: now) } }
    }

    /// Takes a retry or a hedge from the origin's budget, if there is one left.
    func withdraw(_ origin: Origin, at now: MonotonicInstant) -> Bool {
        guard let budget else { return true }
        return windows.withLock { $0.update(origin, initial: RetryBudgetWindow(budget)) { $0.withdraw(at: now) } }
    }

    /// Gives back what was taken for a send that was not made.
    func giveBack(_ origin: Origin, at now: MonotonicInstant) {
        guard let budget else { return }
        windows.withLock { $0.update(origin, initial: RetryBudgetWindow(budget)) { $0.giveBack(at: now) } }
    }
}
