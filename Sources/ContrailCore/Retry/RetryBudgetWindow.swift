import ContrailBase

/// The retry budget of one origin. Pure: the caller says what time it is.
struct RetryBudgetWindow {
    /// Whole numbers, so that no sum drifts.
    private static let retry: Int64 = 1_000_000

    private let deposit: Int64
    private let reserve: Int64
    /// Deposits less withdrawals.
    private var balance: RollingSums

    init(_ budget: RetryBudget) {
        let seconds = min(max(budget.window.inSeconds, 0.01), 86_400)
        deposit = Self.units(budget.ratio, upTo: 1_000)
        reserve = Self.units(budget.minPerSecond * seconds, upTo: 1e12)
        balance = RollingSums(window: budget.window, slots: 10)
    }

    private static func units(_ value: Double, upTo limit: Double) -> Int64 {
        value.isNaN ? 0 : Int64((min(max(value, 0), limit) * Double(retry)).rounded())
    }

    /// A send went well.
    mutating func noteSuccess(at now: MonotonicInstant) { balance.add(deposit, at: now) }

    /// Takes a retry, if there is one.
    mutating func withdraw(at now: MonotonicInstant) -> Bool {
        guard reserve + balance.sums(at: now).first >= Self.retry else { return false }
        balance.add(-Self.retry, at: now)
        return true
    }

    /// Gives back what was taken for a send that was not made.
    mutating func giveBack(at now: MonotonicInstant) { balance.add(Self.retry, at: now) }
}
