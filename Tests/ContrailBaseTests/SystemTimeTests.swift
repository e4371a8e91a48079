import ContrailBase
import Testing

@Suite("The machine's time", .timeLimit(.minutes(1)))
struct SystemTimeTests {
    /// Under LeakSanitizer this also shows that nothing of such a sleep is lost: a timer that never fires would be. Many,
    /// since LeakSanitizer takes any old value on a stack for a reference.
    @Test func aSleepWithoutEndEndsWithItsTask() async {
        let sleepers = (0..<50).map { _ in
            Task { try await SystemTime().sleep(until: MonotonicInstant(nanoseconds: .max)) }
        }
        // They shall have begun.
        for _ in 0..<1_000 { await Task.yield() }
        for sleeper in sleepers {
            sleeper.cancel()
            await #expect(throws: CancellationError.self) { try await sleeper.value }
        }
    }

    @Test func whatHasPassedIsNotWaitedFor() async throws {
        try await SystemTime().sleep(until: SystemTime().now)
    }

    @Test func aCancelledTaskDoesNotSleepWhateverTheTime() async {
        let sleeper = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await SystemTime().sleep(until: MonotonicInstant(nanoseconds: .min))
        }
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
}
