import ContrailBase

/// The sleeps of calls that wait to be sent again. Closing ends them all: a client that is shut down waits for nothing.
final class Sleeps: Sendable {
    /// The sleep ended because of ``close()``.
    struct Closed: Error {}

    private struct State {
        var nextID: UInt64 = 0
        var tasks: [UInt64: Task<Void, any Error>] = [:]
        var isClosed = false
    }

    private let state = Locked(State())
    private let time: any TimeSource

    init(time: any TimeSource) { self.time = time }

    /// Throws ``Closed``, or `CancellationError` if the caller's task was cancelled.
    func sleep(until instant: MonotonicInstant, isolation: isolated (any Actor)? = #isolation) async throws {
        let task = Task { [time] in try await time.sleep(until: instant) }
        guard let id = add(task) else {
            task.cancel()
            throw Closed()
        }
        defer { state.withLock { _ = $0.tasks.removeValue(forKey: id) } }
        do {
            try await withTaskCancellationHandler {
                _ = isolation
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            try Task.checkCancellation()
            throw Closed()
        }
    }

    func close() {
        let tasks = state.withLock { state in
            state.isClosed = true
            return state.tasks.values.map { $0 }
        }
        for task in tasks { task.cancel() }
    }

    private func add(_ task: Task<Void, any Error>) -> UInt64? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.nextID += 1
            state.tasks[state.nextID] = task
            return state.nextID
        }
    }
}
