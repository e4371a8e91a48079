import Dispatch

/// Threads for work that blocks, so that those which run tasks never have to: a task goes there, does its work, and comes
/// back. It stays the same task: its task-local values, its priority and its cancellation are its own.
///
/// Threads are made when they are needed, `maxThreads` at most, and end when they had nothing to do for `idleTime`. What
/// finds none free waits in line. libdispatch's pool would not do: it looks for blocked threads only once a second.
package final class BlockingThreads: TaskExecutor {
    /// The process's.
    package static let shared = BlockingThreads(maxThreads: defaultMaxThreads, idleTime: .seconds(5))

    /// As many as libdispatch allows blocked work: enough for any disk, few enough for their stacks.
    package static let defaultMaxThreads = 64

    private typealias Roster = BlockingRoster<UnownedJob>

    private struct State {
        var roster: Roster
        /// The parked threads, by number.
        var seats: [Int: DispatchSemaphore] = [:]
    }

    private let state: Locked<State>
    private let idleTime: DispatchTimeInterval
    private let threadName: String

    package init(maxThreads: Int, idleTime: Duration, threadName: String = "contrail-block") {
        state = Locked(State(roster: Roster(maxThreads: maxThreads)))
        self.idleTime = .nanoseconds(Int(clamping: idleTime.wholeNanoseconds))
        self.threadName = threadName
    }

    /// Threads that there are.
    package var threadCount: Int { state.withLock { $0.roster.threadCount } }
    /// Those with nothing to do.
    package var parkedCount: Int { state.withLock { $0.roster.parkedCount } }
    /// Tasks that wait for one.
    package var waitingCount: Int { state.withLock { $0.roster.waitingCount } }

    /// Runs `work` on one of the threads, cancelled or not; back on the caller's executor when it is done.
    package func run<Value: Sendable>(_ work: @Sendable () throws -> Value) async throws -> Value {
        try await host { try work() }
    }

    /// As ``run(_:)`` for work that waits for something else in between: it holds a thread while it runs and none while it
    /// waits.
    ///
    /// `@concurrent`, since such a function begins where its task prefers to run; any other may go on elsewhere.
    package func host<Value: Sendable>(_ work: @concurrent @Sendable () async throws -> Value) async throws -> Value {
        let outcome = await withTaskExecutorPreference(self) { await Self.here(work) }
        // Only now the preference is gone. Leave at once, whatever the compiler makes of the way back: a caller that went on
        // here would hold a thread for longer than its work.
        await Self.leave()
        return try outcome.get()
    }

    /// As ``run(_:)``, but throws `CancellationError` instead of running what was cancelled before its turn.
    package func runUnlessCancelled<Value: Sendable>(_ work: @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        return try await run {
            try Task.checkCancellation()
            return try work()
        }
    }

    @concurrent private static func here<Value: Sendable>(_ work: @concurrent @Sendable () async throws -> Value) async
        -> Result<Value, any Error>
    {
        do { return .success(try await work()) } catch { return .failure(error) }
    }

    @concurrent private static func leave() async {}

    // MARK: What the runtime asks for

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (arrival, seat) = state.withLock { state in
            let arrival = state.roster.arrive(job)
            guard case .wake(let thread) = arrival else { return (arrival, DispatchSemaphore?.none) }
            return (arrival, state.seats[thread])
        }
        switch arrival {
        case .wake: seat?.signal()
        case .start(let number): start(number)
        case .wait: break
        }
    }

    private func start(_ number: Int) {
        let hasStarted = OwnThread.start(name: threadName) { [self] in serve(number) }
        guard !hasStarted else { return }
        // No thread of ours to be had: blocking one of the runtime's is better than never running.
        for job in state.withLock({ $0.roster.startFailed() }) { globalConcurrentExecutor.enqueue(job) }
    }

    // MARK: The thread's side

    private func serve(_ number: Int) {
        let seat = DispatchSemaphore(value: 0)
        while true {
            let turn = state.withLock { state in
                let turn = state.roster.next(number)
                if case .park = turn { state.seats[number] = seat }
                return turn
            }
            switch turn {
            case .run(let job): unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            case .park: guard staysAfterParking(number, seat) else { return }
            }
        }
    }

    /// Waits for a wake. False if none came for so long that the thread is to end.
    private func staysAfterParking(_ number: Int, _ seat: DispatchSemaphore) -> Bool {
        guard seat.wait(timeout: .now() + idleTime) == .timedOut else { return true }
        let expiry = state.withLock { state in
            let expiry = state.roster.expire(number)
            if expiry == .end { state.seats[number] = nil }
            return expiry
        }
        if expiry == .stay { seat.wait() }
        return expiry == .stay
    }
}
