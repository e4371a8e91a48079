import ContrailBase
import ContrailTesting
import Testing

@Suite("ManualTime", .timeLimit(.minutes(1)))
struct ManualTimeTests {
    @Test func standsStillUntilMoved() {
        let time = ManualTime()
        let (now, wall) = (time.now, time.wallNanoseconds)
        #expect(time.now == now)
        time.advance(by: .milliseconds(1500))
        #expect(time.now - now == .milliseconds(1500))
        #expect(time.wallNanoseconds - wall == 1_500_000_000)
    }

    @Test func neverGoesBack() {
        let time = ManualTime()
        let now = time.now
        time.advance(by: .seconds(-1))
        #expect(time.now == now)
    }

    @Test func wallClockMovesAlone() {
        let time = ManualTime()
        let (now, wall) = (time.now, time.wallNanoseconds)
        time.moveWallClock(by: .seconds(-3600))
        #expect(time.now == now)
        #expect(time.wallNanoseconds == wall - 3_600_000_000_000)
    }

    @Test func returnsAtOnceWhenTheTimeHasCome() async throws {
        let time = ManualTime()
        try await time.sleep(until: time.now)
        #expect(time.sleeperCount == 0)
    }

    @Test func sleepsUntilItsDeadlineAndNoLonger() async throws {
        let time = ManualTime()
        let deadline = time.now + .seconds(5)
        let task = Task { try await time.sleep(until: deadline) }
        try await time.waitForSleepers(1)
        time.advance(by: .seconds(4))
        #expect(time.sleeperCount == 1)
        time.advance(by: .seconds(1))
        try await task.value
        #expect(time.sleeperCount == 0)
    }

    @Test func throwsWhenCancelledWhileAsleep() async throws {
        let time = ManualTime()
        let deadline = time.now + .seconds(5)
        let task = Task { try await time.sleep(until: deadline) }
        try await time.waitForSleepers(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(time.sleeperCount == 0)
    }

    @Test func throwsWhenCancelledBeforeItSleeps() async throws {
        let time = ManualTime()
        let deadline = time.now + .seconds(5)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await time.sleep(until: deadline)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func waitingForSleepersCanBeCancelled() async throws {
        let time = ManualTime()
        let task = Task { try await time.waitForSleepers(1) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

@Suite("SleeperTable")
struct SleeperTableTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    @Test func wakesInTheOrderOfDeadlinesThenOfArrival() {
        var table = SleeperTable<String>(now: start)
        for (name, seconds) in [("c", 3), ("a", 1), ("b1", 2), ("b2", 2), ("d", 4)] {
            _ = table.sleep(table.makeID(), until: start + .seconds(seconds), waiter: name)
        }
        #expect(table.advance(by: .seconds(3)) == ["a", "b1", "b2", "c"])
        #expect(table.advance(by: .seconds(1)) == ["d"])
        #expect(table.advance(by: .seconds(9)).isEmpty)
    }

    @Test func cancellationBeforeTheSleepIsNotLost() {
        var table = SleeperTable<String>(now: start)
        let id = table.makeID()
        #expect(table.cancel(id) == nil)
        guard case .cancel = table.sleep(id, until: start + .seconds(1), waiter: "a") else {
            Issue.record("slept although cancelled")
            return
        }
        #expect(table.count == 0)
    }

    @Test func cancellationHandsBackTheSleeperOnce() {
        var table = SleeperTable<String>(now: start)
        let id = table.makeID()
        _ = table.sleep(id, until: start + .seconds(1), waiter: "a")
        #expect(table.cancel(id) == "a")
        #expect(table.advance(by: .seconds(1)).isEmpty)
    }

    @Test func watcherGoesOnAtItsCount() {
        var table = SleeperTable<String>(now: start)
        #expect(table.watch(table.makeID(), forSleepers: 2, waiter: "w") == .wait)
        guard case .wait(let none) = table.sleep(table.makeID(), until: start + .seconds(1), waiter: "a"),
            case .wait(let resumed) = table.sleep(table.makeID(), until: start + .seconds(1), waiter: "b")
        else {
            Issue.record("did not wait")
            return
        }
        #expect(none.isEmpty)
        #expect(resumed == ["w"])
        #expect(table.watch(table.makeID(), forSleepers: 2, waiter: "late") == .wake)
    }
}

@Suite("SeededRandom")
struct SeededRandomTests {
    @Test func sameSeedSameNumbers() {
        let (a, b) = (SeededRandom(seed: 7), SeededRandom(seed: 7))
        for _ in 0..<100 { #expect(a.next() == b.next()) }
    }

    @Test func otherSeedOtherNumbers() {
        #expect(SeededRandom(seed: 1).next() != SeededRandom(seed: 2).next())
    }

    /// The generator's published first outputs for seed 1234567.
    @Test func isSplitMix64() {
        let random = SeededRandom(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }

    @Test func bitsAreBalanced() {
        let random = SeededRandom(seed: 42)
        let ones = (0..<1000).reduce(0) { sum, _ in sum + random.next().nonzeroBitCount }
        #expect((31_000...33_000).contains(ones))
    }
}
