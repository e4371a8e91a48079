public import ContrailBase

/// A clock that only moves when a test says so.
///
/// ```swift
/// let time = ManualTime()
/// let task = Task { try await time.sleep(until: time.now + .seconds(5)) }
/// try await time.waitForSleepers(1)      // the task is asleep
/// time.advance(by: .seconds(5))          // and now it is not
/// ```
public final class ManualTime: TimeSource {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var sleepers: SleeperTable<Waiter>
        var wallNanoseconds: Int64
    }

    private let state: Locked<State>

    /// Makes a clock that stands still at `now`.
    ///
    /// - Parameters:
    ///   - now: where the monotonic clock starts; by default at 1 s, so that earlier instants exist.
    ///   - wallNanoseconds: where the wall clock starts, in nanoseconds since 1970-01-01 UTC;
    ///     by default 2026-01-01 00:00:00 UTC.
    public init(
        now: MonotonicInstant = MonotonicInstant(nanoseconds: 1_000_000_000),
        wallNanoseconds: Int64 = 1_767_225_600_000_000_000
    ) {
        state = Locked(State(sleepers: SleeperTable(now: now), wallNanoseconds: wallNanoseconds))
    }

    /// The monotonic clock.
    public var now: MonotonicInstant { state.withLock { $0.sleepers.now } }

    /// The wall clock, in nanoseconds since 1970-01-01 UTC.
    public var wallNanoseconds: Int64 { state.withLock { $0.wallNanoseconds } }

    /// How many tasks are asleep on this clock.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves both clocks and wakes whoever's time has come, earliest deadline first. A negative duration moves nothing.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.wallNanoseconds &+= max(0, duration.wholeNanoseconds)
            return state.sleepers.advance(by: duration)
        }
        for waiter in due { waiter.resume() }
    }

    /// Moves the wall clock alone, as an administrator or a time server does. May go back.
    public func moveWallClock(by duration: Duration) {
        state.withLock { $0.wallNanoseconds &+= duration.wholeNanoseconds }
    }

    /// Suspends until the clock has been advanced to `instant`. Throws `CancellationError` on cancellation.
    public func sleep(until instant: MonotonicInstant) async throws {
        try await wait { state, id, waiter in
            switch state.sleepers.sleep(id, until: instant, waiter: waiter) {
            case .wait(let watchers): Step(resumed: watchers)
            case .wake: Step(resumed: [waiter])
            case .cancel: Step(cancelled: waiter)
            }
        }
    }

    /// Suspends until at least `count` tasks are asleep on this clock. Throws `CancellationError` on cancellation.
    ///
    /// Tests call it before ``advance(by:)``: a task that is not yet asleep would miss the time it waits for.
    public func waitForSleepers(_ count: Int) async throws {
        try await wait { state, id, waiter in
            switch state.sleepers.watch(id, forSleepers: count, waiter: waiter) {
            case .wait: Step()
            case .wake: Step(resumed: [waiter])
            case .cancel: Step(cancelled: waiter)
            }
        }
    }

    private struct Step {
        var resumed: [Waiter] = []
        var cancelled: Waiter?
    }

    private func wait(_ enrol: @Sendable (inout State, UInt64, Waiter) -> Step) async throws {
        let id = state.withLock { $0.sleepers.makeID() }
        defer { state.withLock { $0.sleepers.forget(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let step = state.withLock { enrol(&$0, id, waiter) }
                for waiter in step.resumed { waiter.resume() }
                step.cancelled?.resume(throwing: CancellationError())
            }
        } onCancel: {
            state.withLock { $0.sleepers.cancel(id) }?.resume(throwing: CancellationError())
        }
    }
}
