import ContrailBase

/// Two sums over a sliding window that moves on in slots. Pure: the caller says what time it is.
struct RollingSums {
    private var slots: [(first: Int64, second: Int64)]
    private let slotNanoseconds: Int64
    /// The number of the newest slot since the clock's origin.
    private var newest: Int64?

    /// - Parameter window: 10 ms to 1 day; other values count as the nearest of these.
    init(window: Duration, slots count: Int) {
        let seconds = min(max(window.inSeconds, 0.01), 86_400)
        slots = Array(repeating: (0, 0), count: max(count, 1))
        slotNanoseconds = max(Int64(seconds * 1e9) / Int64(max(count, 1)), 1)
    }

    mutating func add(_ first: Int64, _ second: Int64 = 0, at now: MonotonicInstant) {
        let slot = slot(at: now)
        slots[slot].first += first
        slots[slot].second += second
    }

    mutating func sums(at now: MonotonicInstant) -> (first: Int64, second: Int64) {
        _ = slot(at: now)
        return slots.reduce((0, 0)) { ($0.0 + $1.first, $0.1 + $1.second) }
    }

    mutating func reset() { for index in slots.indices { slots[index] = (0, 0) } }

    /// The place of `now`, after emptying what is older than the window.
    private mutating func slot(at now: MonotonicInstant) -> Int {
        let number = max(now.nanoseconds / slotNanoseconds, newest ?? .min)
        let passed = newest.map { number - $0 } ?? 0
        for back in 0..<min(passed, Int64(slots.count)) { slots[place(number - back)] = (0, 0) }
        newest = number
        return place(number)
    }

    private func place(_ number: Int64) -> Int {
        let count = Int64(slots.count)
        return Int((number % count + count) % count)
    }
}
