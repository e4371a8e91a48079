import ContrailBase

/// The retry budget of one origin. Pure: the caller says what time it is.
struct RetryBudgetWindow {
    private static let slotCount = 10
    /// Whole numbers, so that no sum drifts.
    private static let retry: Int64 = 1_000_000

    private let deposit: Int64
    private let reserve: Int64
    private let slotNanoseconds: Int64
    /// Deposits less withdrawals, by slot of the window; a slot may be negative.
    private var slots = [Int64](repeating: 0, count: slotCount)
    /// The number of the newest slot since the clock's origin.
    private var newest: Int64?

    init(_ budget: RetryBudget) {
        let seconds = min(max(budget.window.inSeconds, 0.01), 86_400)
        deposit = Self.units(budget.ratio, upTo: 1_000)
        reserve = Self.units(budget.minPerSecond * seconds, upTo: 1e12)
        slotNanoseconds = Int64(seconds * 1e9) / Int64(Self.slotCount)
    }

    private static func units(_ value: Double, upTo limit: Double) -> Int64 {
        value.isNaN ? 0 : Int64((min(max(value, 0), limit) * Double(retry)).rounded())
    }

    /// A send went well.
    mutating func noteSuccess(at now: MonotonicInstant) { slots[slot(at: now)] += deposit }

    /// Takes a retry, if there is one.
    mutating func withdraw(at now: MonotonicInstant) -> Bool {
        let slot = slot(at: now)
        guard slots.reduce(reserve, +) >= Self.retry else { return false }
        slots[slot] -= Self.retry
        return true
    }

    /// Gives back what was taken for a send that was not made.
    mutating func giveBack(at now: MonotonicInstant) { slots[slot(at: now)] += Self.retry }

    /// The place of `now`, after emptying what is older than the window.
    private mutating func slot(at now: MonotonicInstant) -> Int {
        let number = now.nanoseconds / slotNanoseconds
        let last = newest ?? number
        for passed in 0..<min(max(number - last, 0), Int64(Self.slotCount)) { slots[Self.place(number - passed)] = 0 }
        newest = max(last, number)
        return Self.place(max(last, number))
    }

    private static func place(_ number: Int64) -> Int {
        Int((number % Int64(slotCount) + Int64(slotCount)) % Int64(slotCount))
    }
}

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
}
