import ContrailBase

/// The answer of `work`, or `nil` once `deadline` is over. Work that does not react to its cancellation then is left behind,
/// not waited for. The caller's own cancellation ends nothing.
func finished<Answer: Sendable>(
    by deadline: MonotonicInstant, _ time: any TimeSource, _ work: @escaping @Sendable () async -> Answer
) async -> Answer? {
    await Task.detached {
        let (answers, first) = AsyncStream.makeStream(of: Answer?.self, bufferingPolicy: .bufferingOldest(1))
        let worker = Task.detached { first.yield(await work()) }
        let timer = Task.detached {
            do { try await time.sleep(until: deadline) } catch { return }
            first.yield(nil)
        }
        defer {
            worker.cancel()
            timer.cancel()
        }
        return await answers.first { _ in true } ?? nil
    }.value
}
