import ContrailBase
import Dispatch
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(1))) struct BlockingThreadsTests {
    struct Planned: Error {}

    @TaskLocal static var mark = "none"

    private func pool(_ maxThreads: Int, idle: Duration = .milliseconds(10)) -> BlockingThreads {
        BlockingThreads(maxThreads: maxThreads, idleTime: idle, threadName: "contrail-tested")
    }

    private func until(_ condition: () -> Bool) async throws {
        while !condition() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func workRunsOnAThreadOfItsOwnAndTheTaskComesBack() async throws {
        let pool = pool(1)
        // Outside of #expect, whose expansion might bring the task back by itself.
        let isInside = try await pool.run { isOnTestedThread() }
        let isStill = isOnTestedThread()
        #expect(isInside && !isStill)
    }

    @Test @MainActor func theTaskComesBackToItsActor() async throws {
        #expect(try await pool(1).run { isOnTestedThread() })
        MainActor.assertIsolated()
        #expect(!isOnTestedThread())
    }

    @Test func theTaskComesBackWithAnErrorToo() async throws {
        let pool = pool(1)
        await #expect(throws: Planned.self) { try await pool.run { throw Planned() } }
        #expect(!isOnTestedThread())
    }

    @Test func taskLocalValuesGoAlong() async throws {
        let seen = try await Self.$mark.withValue("kept") { try await pool(1).run { Self.mark } }
        #expect(seen == "kept")
    }

    @Test func cancellationIsSeenInside() async throws {
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await pool(1).run { Task.isCancelled }
        }
        #expect(try await task.value)
    }

    @Test func noMoreThreadsThanAllowedAndAllOfThem() async throws {
        let pool = pool(3)
        let counter = Crowd(3)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Each waits for two others: with fewer threads none would end.
            for _ in 0..<12 { group.addTask { try await pool.run { counter.meet() } } }
            try await group.waitForAll()
        }
        #expect(counter.most == 3)
        #expect(pool.threadCount <= 3)
    }

    @Test func hostedWorkHoldsAThreadWhileItRunsAndNoneWhileItWaits() async throws {
        let pool = pool(1)
        let gate = AsyncStream<Void>.makeStream()
        async let hosted = pool.host {
            let before = isOnTestedThread()
            for await _ in gate.stream { break }
            return (before, isOnTestedThread())
        }
        // The only thread is free meanwhile.
        try await until { pool.parkedCount == 1 }
        #expect(try await pool.run { isOnTestedThread() })
        gate.continuation.yield()
        let (before, behind) = try await hosted
        #expect(before && behind)
        #expect(!isOnTestedThread())
    }

    @Test func whatFindsNoThreadWaitsInLine() async throws {
        let pool = pool(1)
        let gate = DispatchSemaphore(value: 0)
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pool.run { gate.wait() } }
            try await until { pool.threadCount == 1 && pool.waitingCount == 0 }
            for number in 0..<10 {
                group.addTask { try await pool.run { order.add(number) } }
                try await until { pool.waitingCount == number + 1 }
            }
            gate.signal()
            try await group.waitForAll()
        }
        #expect(order.numbers == Array(0..<10))
    }

    @Test func whatIsCancelledInLineIsSkipped() async throws {
        let pool = pool(1)
        let gate = DispatchSemaphore(value: 0)
        let hasRun = Locked(false)
        let blocker = Task { try await pool.run { gate.wait() } }
        try await until { pool.threadCount == 1 && pool.waitingCount == 0 }
        let late = Task { try await pool.runUnlessCancelled { hasRun.withLock { $0 = true } } }
        try await until { pool.waitingCount == 1 }
        late.cancel()
        gate.signal()
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(hasRun.withLock { $0 } == false)
        try await blocker.value
    }

    @Test func noThreadIsLeftWhenThereIsNothingToDo() async throws {
        let pool = pool(4)
        let crowd = Crowd(4)
        for _ in 0..<3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await pool.run { crowd.meet() } } }
                try await group.waitForAll()
            }
            try await until { pool.threadCount == 0 }
        }
    }

    @Test func aParkedThreadIsUsedAgain() async throws {
        let pool = pool(8, idle: .seconds(60))
        for _ in 0..<100 {
            _ = try await pool.run { 1 }
            #expect(pool.threadCount == 1)
            // The thread parks a moment after its work's end is known here.
            try await until { pool.parkedCount == 1 }
        }
    }

    @Test func blockedWorkHoldsNoTaskUp() async throws {
        let pool = pool(64)
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 { group.addTask { try await pool.run { gate.wait() } } }
            // Runs on the pool of tasks, which would long be used up.
            try await until { pool.threadCount == 64 }
            for _ in 0..<64 { gate.signal() }
            try await group.waitForAll()
        }
    }
}

private func isOnTestedThread() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 32)
    let file = unsafe open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    let count = unsafe read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).hasPrefix("contrail-tested")
}

private final class Order: Sendable {
    private let state = Locked<[Int]>([])
    var numbers: [Int] { state.withLock { $0 } }
    func add(_ number: Int) { state.withLock { $0.append(number) } }
}

/// Lets threads wait until `size` of them are here.
private final class Crowd: Sendable {
    private struct State {
        var here = 0
        var most = 0
        var waiting: [DispatchSemaphore] = []
    }

    private let size: Int
    private let state = Locked(State())

    init(_ size: Int) { self.size = size }

    var most: Int { state.withLock { $0.most } }

    func meet() {
        let own = DispatchSemaphore(value: 0)
        let ready = state.withLock { state in
            state.here += 1
            state.most = max(state.most, state.here)
            state.waiting.append(own)
            guard state.waiting.count == size else { return [DispatchSemaphore]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for other in ready { other.signal() }
        own.wait()
        state.withLock { $0.here -= 1 }
    }
}
