import ContrailBase

/// The collector's state behind its lock, and the waiting that the state only decides about.
final class CollectorInbox: Sendable {
    /// What a waiter looks at.
    struct Snapshot: Sendable {
        let requests: [FakeCollector.ReceivedRequest]
        let spans: [FakeCollector.ReceivedSpan]
        fileprivate let version: Int
        fileprivate let isClosed: Bool
    }

    /// What a waiter thinks of a snapshot.
    enum Verdict<Result: Sendable>: Sendable {
        case done(Result)
        /// Not enough; if time runs out, this is what to throw.
        case more(FakeCollectorError)
    }

    private typealias State = CollectorState<CheckedContinuation<Void, Never>>
    private let state: Locked<State>

    init(_ configuration: FakeCollector.Configuration) {
        state = Locked(State(maxRequests: configuration.maxKeptRequests, maxSpans: configuration.maxKeptSpans))
    }

    var requests: [FakeCollector.ReceivedRequest] { state.withLock { $0.requests } }
    var spans: [FakeCollector.ReceivedSpan] { state.withLock { $0.spans } }
    var notKept: Int { state.withLock { $0.notKept } }

    func behave(_ behavior: FakeCollector.Behavior, times: Int?) {
        state.withLock { $0.behave(behavior, times: times) }
    }

    func takeBehavior() -> FakeCollector.Behavior { state.withLock { $0.takeBehavior() } }

    func reset() { state.withLock { $0.reset() } }

    func receive(_ request: FakeCollector.ReceivedRequest) {
        for waiter in state.withLock({ $0.receive(request) }) { waiter.resume() }
    }

    func close() {
        for waiter in state.withLock({ $0.close() }) { waiter.resume() }
    }

    /// Asks `judge` after every request until it is content, or time is up.
    func wait<Result: Sendable>(
        timeout: Duration, until judge: @escaping @Sendable (Snapshot) -> Verdict<Result>
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await self.wait(until: judge) }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            if let result = try await group.next() ?? nil { return result }
            // Time is up. What came in the last moment counts.
            switch judge(snapshot()) {
            case .done(let result): return result
            case .more(let error): throw error
            }
        }
    }

    private func wait<Result: Sendable>(until judge: @Sendable (Snapshot) -> Verdict<Result>) async throws -> Result {
        while true {
            let snapshot = snapshot()
            if case .done(let result) = judge(snapshot) { return result }
            guard !snapshot.isClosed else { throw FakeCollectorError.stopped }
            try Task.checkCancellation()
            await change(since: snapshot.version)
        }
    }

    private func snapshot() -> Snapshot {
        state.withLock {
            Snapshot(requests: $0.requests, spans: $0.spans, version: $0.version, isClosed: $0.isClosed)
        }
    }

    /// Returns when a request came after `version`, the inbox was closed, or the task was cancelled.
    private func change(since version: Int) async {
        let id = state.withLock { $0.makeWaiterID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.wait(id, newerThan: version, continuation) }?.resume()
            }
        } onCancel: {
            state.withLock { $0.cancel(id) }?.resume()
        }
        state.withLock { $0.forget(id) }
    }
}
