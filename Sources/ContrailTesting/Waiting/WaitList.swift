/// Who waits for news. No lock and no continuation of its own: a waiter is whatever the driver makes of it, and comes out
/// exactly once.
struct WaitList<Waiter> {
    /// Grows with every piece of news, so that a waiter can tell whether it missed one.
    private(set) var version = 0
    private(set) var isClosed = false
    private var waiters: [Int: Waiter] = [:]
    /// Waits that were cancelled before they began.
    private var cancelled: Set<Int> = []
    private var nextID = 0

    /// Something changed; returns who waited for it.
    mutating func announce() -> [Waiter] {
        version += 1
        return takeWaiters()
    }

    /// Ends; returns who waits in vain.
    mutating func close() -> [Waiter] {
        isClosed = true
        return takeWaiters()
    }

    mutating func makeWaiterID() -> Int {
        nextID += 1
        return nextID
    }

    /// Lets a waiter wait for something newer than `seen`; returns it if it need not, or must not, wait.
    mutating func wait(_ id: Int, newerThan seen: Int, _ waiter: Waiter) -> Waiter? {
        if cancelled.remove(id) != nil || isClosed || version != seen { return waiter }
        waiters[id] = waiter
        return nil
    }

    /// Returns the waiter if it waits; if it does not yet, it will not.
    mutating func cancel(_ id: Int) -> Waiter? {
        if let waiter = waiters.removeValue(forKey: id) { return waiter }
        cancelled.insert(id)
        return nil
    }

    /// The wait is over, whatever came of it: nothing about it need be remembered.
    mutating func forget(_ id: Int) { cancelled.remove(id) }

    private mutating func takeWaiters() -> [Waiter] {
        guard !waiters.isEmpty else { return [] }
        defer { waiters = [:] }
        return Array(waiters.values)
    }
}
