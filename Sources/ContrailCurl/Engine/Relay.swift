import ContrailBase

/// A task that gives out what a loop has for several tasks at once (docs/decisions/0014-a-relay-gives-out-answers.md).
///
/// A loop that wakes one task after the other on a processor that it shares with them is pushed aside behind each; this
/// task is woken once, and those that it resumes run behind it. It promises nothing: whoever hands something over looks after
/// it (``RelayPace``), and may take it back.
final class Relay: Sendable {
    private struct State: Sendable {
        var batch = Deliveries()
        var waiter: CheckedContinuation<Void, Never>?
        var isStarted = false
        var isOver = false
    }

    private let executor: (any TaskExecutor)?
    private let state = Locked(State())

    /// - Parameter executor: where the task runs; `nil`: where all tasks do.
    init(executor: (any TaskExecutor)? = nil) { self.executor = executor }

    // MARK: The loop's side

    /// Takes everything over; `deliveries` is empty behind it. The first time, the task is made.
    /// - Returns: whether the task had begun with all that was there before.
    func hand(_ deliveries: inout Deliveries) -> Bool {
        let (hadBegun, isFirst, waiter) = state.withLock { state in
            let hadBegun = state.batch.count == 0
            if hadBegun {
                swap(&state.batch, &deliveries)
            } else {
                state.batch.append(deliveries)
                deliveries = Deliveries()
            }
            defer { (state.isStarted, state.waiter) = (true, nil) }
            return (hadBegun, !state.isStarted, state.waiter)
        }
        waiter?.resume()
        if isFirst { Task.detached(executorPreference: executor) { [self] in await run() } }
        return hadBegun
    }

    /// True if the task has begun with all that it was handed.
    var hasBegun: Bool { state.withLock { $0.batch.count == 0 } }

    /// What the task has not begun with.
    func takeBack() -> Deliveries {
        state.withLock { state in
            defer { state.batch = Deliveries() }
            return state.batch
        }
    }

    /// Nothing will be handed over any more.
    func end() {
        let waiter = state.withLock { state in
            defer { (state.isOver, state.waiter) = (true, nil) }
            return state.waiter
        }
        waiter?.resume()
    }

    // MARK: The task's side

    private func run() async {
        var batch = Deliveries()
        while await next(&batch) { batch.deliver() }
    }

    /// Exchanges `batch`, which is empty, for the next; false at the end.
    private func next(_ batch: inout Deliveries) async -> Bool {
        while true {
            if let isThere = take(&batch) { return isThere }
            await withCheckedContinuation { park($0) }
        }
    }

    private func take(_ batch: inout Deliveries) -> Bool? {
        state.withLock { state in
            guard state.batch.count > 0 else { return state.isOver ? false : nil }
            swap(&state.batch, &batch)
            return true
        }
    }

    private func park(_ waiter: CheckedContinuation<Void, Never>) {
        let mustWait = state.withLock { state in
            guard state.batch.count == 0, !state.isOver else { return false }
            state.waiter = waiter
            return true
        }
        if !mustWait { waiter.resume() }
    }
}
