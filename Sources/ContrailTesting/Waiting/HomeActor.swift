import Dispatch
import Synchronization

/// An actor that tells how often what is called from it went elsewhere.
///
/// Its calls have a task executor of their own: what leaves the actor is enqueued there, and counted.
package actor HomeActor {
    private final class HomeExecutor: SerialExecutor {
        private let queue = DispatchQueue(label: "home")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            // SAFETY: a job that is enqueued is run once; the closure holds this executor until it has run.
            queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }

    private final class AwayExecutor: TaskExecutor {
        let jobs = Atomic(0)
        private let queue = DispatchQueue(label: "away")

        func enqueue(_ job: consuming ExecutorJob) {
            jobs.add(1, ordering: .relaxed)
            let job = UnownedJob(job)
            // SAFETY: as above.
            queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private let home = HomeExecutor()
    private let away = AwayExecutor()
    // SAFETY: the actor holds its executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe home.asUnownedSerialExecutor() }

    package init() {}

    /// How often `operation` left the actor.
    package nonisolated func departures(
        of operation: @escaping @Sendable (isolated HomeActor) async throws -> Void
    ) async throws -> Int {
        try await Task(executorPreference: away) { try await self.count(operation) }.value
    }

    private func count(_ operation: @Sendable (isolated HomeActor) async throws -> Void) async rethrows -> Int {
        let before = away.jobs.load(ordering: .relaxed)
        try await operation(self)
        return away.jobs.load(ordering: .relaxed) - before
    }
}
