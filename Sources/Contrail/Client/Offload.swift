import ContrailBase

/// Runs `work`, which blocks, on a thread made for that, and returns what it returns.
///
/// A call that blocks (a synchronous database driver, a lock, `sleep`, a large file) holds up one of the few threads that
/// run all tasks of the process, one per core; a handful of them stop everything, this client's timeouts included.
///
/// ```swift
/// let rows = try await offload { try database.query("SELECT …") }
/// ```
/// It is still the same task: task-local values, the trace context with them, `Task.isCancelled` and the priority are
/// there inside, and spans started there are children of the caller's. The task comes back to where it was, its actor for
/// instance.
///
/// At most 64 threads for the process, shared with file bodies and downloads; made when needed, ended after 5 s without
/// work. What finds none free waits, first come first served, without a limit of its own: each waits in a task of the
/// caller's. Work must not wait for other offloaded work, which may be waiting in the same line.
///
/// Throws what `work` throws. Cancellation before `work` begins throws `CancellationError` instead of running it, when the
/// task's turn has come; once it runs nothing interrupts it, but it may look at `Task.isCancelled`. Costs two changes of
/// thread, some microseconds each: not for work that is shorter.
public func offload<Value: Sendable>(_ work: @Sendable () throws -> Value) async throws -> Value {
    try await BlockingThreads.shared.runUnlessCancelled(work)
}
