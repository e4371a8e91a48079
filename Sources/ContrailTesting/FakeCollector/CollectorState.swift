/// What a collector has received, how it is to answer, and who waits for more. No lock, no clock, no continuation of
/// its own: a waiter is whatever the driver makes of it.
struct CollectorState<Waiter> {
    private(set) var requests: [FakeCollector.ReceivedRequest] = []
    private(set) var spans: [FakeCollector.ReceivedSpan] = []
    /// What was more than the limits.
    private(set) var notKept = 0
    /// Grows with every request, so that a waiter can tell whether it missed one.
    private(set) var version = 0
    private(set) var isClosed = false

    private let maxRequests: Int
    private let maxSpans: Int
    private var behavior = FakeCollector.Behavior.accept
    private var remaining: Int?
    private var waiters: [Int: Waiter] = [:]
    /// Waits that were cancelled before they began.
    private var cancelled: Set<Int> = []
    private var nextID = 0

    init(maxRequests: Int, maxSpans: Int) {
        self.maxRequests = maxRequests
        self.maxSpans = maxSpans
    }

    // MARK: Answering

    mutating func behave(_ behavior: FakeCollector.Behavior, times: Int?) {
        self.behavior = behavior
        remaining = times.map { max($0, 1) }
    }

    /// How the next request is answered.
    mutating func takeBehavior() -> FakeCollector.Behavior {
        guard let left = remaining else { return behavior }
        defer {
            remaining = left > 1 ? left - 1 : nil
            if left <= 1 { behavior = .accept }
        }
        return behavior
    }

    // MARK: Receiving

    /// Keeps a request; returns who waited for one.
    mutating func receive(_ request: FakeCollector.ReceivedRequest) -> [Waiter] {
        if requests.count < maxRequests { requests.append(request) } else { notKept += 1 }
        let kept = request.spans.prefix(maxSpans - spans.count)
        spans.append(contentsOf: kept)
        notKept += request.spans.count - kept.count
        version += 1
        return takeWaiters()
    }

    mutating func reset() {
        requests = []
        spans = []
        notKept = 0
    }

    /// Ends; returns who waits in vain.
    mutating func close() -> [Waiter] {
        isClosed = true
        return takeWaiters()
    }

    // MARK: Waiting

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
        defer { waiters = [:] }
        return Array(waiters.values)
    }
}
