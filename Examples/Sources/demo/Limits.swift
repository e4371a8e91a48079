import UnixSignals

/// Runs `operation`; cancels it and throws when SIGINT or SIGTERM comes or when it takes longer than `limit`. Returns or
/// throws only once the operation has ended, so that nothing it started is left behind.
func untilSignalOrTimeout<Result: Sendable>(
    _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw DemoError("not done after \(limit)")
        }
        group.addTask {
            for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                throw DemoError("stopped by \(signal)")
            }
            throw CancellationError()
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
