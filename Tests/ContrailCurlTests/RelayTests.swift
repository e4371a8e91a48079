import ContrailBase
import ContrailCore
import ContrailTestSupport
import Dispatch
import Testing

@testable import ContrailCurl

@Suite("The relay", .timeLimit(.minutes(1)))
struct RelayTests {
    private static let window = 32

    /// Bursts of requests whose answers come all at once, until the relay has been woken `wakes` times.
    /// - Returns: how many requests had the answer to another, or none.
    private func burst(
        until wakes: Int, _ executor: ToldExecutor, afterEach: @Sendable () -> Void = {}
    ) async throws -> Int {
        let meeting = Meeting(of: Self.window)
        return try await withServer { exchange in
            meeting.wait()
            exchange.respond(String(exchange.path.dropFirst()))
        } configure: {
            $0.relayExecutor = executor
        } _: { server, transport in
            var wrong = 0
            while executor.jobs < wakes {
                try Task.checkCancellation()
                wrong += await withTaskGroup(of: Bool.self) { group in
                    for index in 0..<Self.window {
                        group.addTask {
                            (try? await transport.fetch(.get(server.port, "/\(index)")))?.text != "\(index)"
                        }
                    }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                afterEach()
            }
            return wrong
        }
    }

    @Test func eachTaskGetsItsOwnAnswer() async throws {
        let executor = ToldExecutor(runsAtOnce: true)
        #expect(try await burst(until: 20, executor) == 0)
    }

    /// As where users' code blocks all threads that run tasks: consumers with an executor of their own go on.
    @Test func answersArriveAlsoIfTheRelayDoesNotRun() async throws {
        let executor = ToldExecutor(runsAtOnce: false)
        #expect(try await burst(until: 1, executor) == 0)
        executor.runAll()
    }

    /// What was taken back is not given out a second time.
    @Test func aRelayThatComesLateFindsNothing() async throws {
        let executor = ToldExecutor(runsAtOnce: false)
        #expect(try await burst(until: 4, executor) { executor.runAll() } == 0)
        executor.runAll()
    }

    @Test func theRelayEndsWithItsLoop() async throws {
        weak var relay: Relay?
        do {
            let mine = Relay()
            relay = mine
            var nothing = Deliveries()
            _ = mine.hand(&nothing)
            mine.end()
        }
        while relay != nil {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

/// Runs jobs at once, or when it is told to.
private final class ToldExecutor: TaskExecutor {
    private struct State {
        var waiting: [UnownedJob] = []
        var jobs = 0
    }

    private let runsAtOnce: Bool
    private let state = Locked(State())

    init(runsAtOnce: Bool) { self.runsAtOnce = runsAtOnce }

    /// Jobs that came so far.
    var jobs: Int { state.withLock { $0.jobs } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { state in
            state.jobs += 1
            state.waiting.append(job)
        }
        if runsAtOnce { Task.detached { self.runAll() } }
    }

    func runAll() {
        let jobs = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        // SAFETY: each job was enqueued here, and is run once; this executor outlives the call.
        for job in jobs { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}

/// Lets threads go when so many have come, and again.
private final class Meeting: Sendable {
    private let size: Int
    private let present = Locked(0)
    private let semaphore = DispatchSemaphore(value: 0)

    init(of size: Int) { self.size = size }

    /// Blocks a thread of the test server, for 30 s at most.
    func wait() {
        let isLast = present.withLock { present in
            present = (present + 1) % size
            return present == 0
        }
        guard isLast else {
            _ = semaphore.wait(timeout: .now() + 30)
            return
        }
        for _ in 1..<size { semaphore.signal() }
    }
}
