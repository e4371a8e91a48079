import ContrailBase

/// What a server for tests has seen, and the tests that wait for it to see more. Drives ``WaitList``.
final class Noticeboard<Content: Sendable>: Sendable {
    /// What a waiter thinks of the content.
    enum Verdict<Result: Sendable>: Sendable {
        case done(Result)
        /// Not enough; if time runs out, this is what to throw.
        case more(any Error)
    }

    private struct State {
        var content: Content
        var waiting = WaitList<CheckedContinuation<Void, Never>>()
    }

    private let state: Locked<State>
    private let stopped: any Error

    /// `stopped` is what those get who still wait when it closes.
    init(_ content: Content, stopped: any Error) {
        state = Locked(State(content: content))
        self.stopped = stopped
    }

    /// The content as it is now.
    var content: Content { state.withLock { $0.content } }

    /// Changes what nobody waits for.
    func change<Result>(_ body: (inout Content) -> sending Result) -> sending Result {
        state.withLock { body(&$0.content) }
    }

    /// Changes what others may be waiting for.
    func announce<Result: Sendable>(_ body: (inout Content) -> Result) -> Result {
        let (result, waiters) = state.withLock { state in (body(&state.content), state.waiting.announce()) }
        for waiter in waiters { waiter.resume() }
        return result
    }

    /// Lets nobody wait any more.
    func close() {
        for waiter in state.withLock({ $0.waiting.close() }) { waiter.resume() }
    }

    /// Asks `judge` after every piece of news until it is content, or time is up.
    func wait<Result: Sendable>(
        timeout: Duration, until judge: @escaping @Sendable (Content) -> Verdict<Result>
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
            switch judge(content) {
            case .done(let result): return result
            case .more(let error): throw error
            }
        }
    }

    private func wait<Result: Sendable>(until judge: @Sendable (Content) -> Verdict<Result>) async throws -> Result {
        while true {
            let (content, version, isClosed) = state.withLock { ($0.content, $0.waiting.version, $0.waiting.isClosed) }
            if case .done(let result) = judge(content) { return result }
            guard !isClosed else { throw stopped }
            try Task.checkCancellation()
            await news(since: version)
        }
    }

    /// Returns when there is news after `version`, the board was closed, or the task was cancelled.
    private func news(since version: Int) async {
        let id = state.withLock { $0.waiting.makeWaiterID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiting.wait(id, newerThan: version, continuation) }?.resume()
            }
        } onCancel: {
            state.withLock { $0.waiting.cancel(id) }?.resume()
        }
        state.withLock { $0.waiting.forget(id) }
    }
}
