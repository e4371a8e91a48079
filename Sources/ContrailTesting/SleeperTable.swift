package import ContrailBase

/// Who sleeps until when on a clock that is moved by hand. Decides who wakes; wakes nobody itself.
///
/// Every waiter comes out in exactly one action: woken, or cancelled.
package struct SleeperTable<Waiter> {
    package enum SleepAction {
        /// The sleeper stays; these watchers have seen enough sleepers and go on.
        case wait(resume: [Waiter])
        /// The time has already come.
        case wake
        /// The cancellation came before the sleep.
        case cancel
    }

    package enum WatchAction: Equatable {
        case wait, wake, cancel
    }

    private struct Sleeper {
        let id: UInt64
        let deadline: MonotonicInstant
        let waiter: Waiter
    }

    private struct Watcher {
        let id: UInt64
        let count: Int
        let waiter: Waiter
    }

    package private(set) var now: MonotonicInstant
    package var count: Int { sleepers.count }
    /// In the order they wake: by deadline, then by arrival.
    private var sleepers: [Sleeper] = []
    private var watchers: [Watcher] = []
    private var cancelledEarly: Set<UInt64> = []
    private var lastID: UInt64 = 0

    package init(now: MonotonicInstant) { self.now = now }

    package mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    package mutating func sleep(_ id: UInt64, until deadline: MonotonicInstant, waiter: Waiter) -> SleepAction {
        guard cancelledEarly.remove(id) == nil else { return .cancel }
        guard deadline > now else { return .wake }
        let position = sleepers.firstIndex { $0.deadline > deadline } ?? sleepers.endIndex
        sleepers.insert(Sleeper(id: id, deadline: deadline, waiter: waiter), at: position)
        return .wait(resume: satisfiedWatchers())
    }

    package mutating func watch(_ id: UInt64, forSleepers count: Int, waiter: Waiter) -> WatchAction {
        guard cancelledEarly.remove(id) == nil else { return .cancel }
        guard sleepers.count < count else { return .wake }
        watchers.append(Watcher(id: id, count: count, waiter: waiter))
        return .wait
    }

    /// Moves the time; the sleepers whose time has come, in the order of their deadlines.
    package mutating func advance(by duration: Duration) -> [Waiter] {
        now = max(now, now + duration)
        let due = sleepers.prefix { $0.deadline <= now }
        sleepers.removeFirst(due.count)
        return due.map(\.waiter)
    }

    /// The one to be told, if it is waiting; otherwise the cancellation is kept until it arrives.
    package mutating func cancel(_ id: UInt64) -> Waiter? {
        if let index = sleepers.firstIndex(where: { $0.id == id }) { return sleepers.remove(at: index).waiter }
        if let index = watchers.firstIndex(where: { $0.id == id }) { return watchers.remove(at: index).waiter }
        cancelledEarly.insert(id)
        return nil
    }

    /// The wait is over: a cancellation that came after its end is of no use any more.
    package mutating func forget(_ id: UInt64) { cancelledEarly.remove(id) }

    private mutating func satisfiedWatchers() -> [Waiter] {
        guard !watchers.isEmpty else { return [] }
        let satisfied = watchers.filter { $0.count <= sleepers.count }
        watchers.removeAll { $0.count <= sleepers.count }
        return satisfied.map(\.waiter)
    }
}
