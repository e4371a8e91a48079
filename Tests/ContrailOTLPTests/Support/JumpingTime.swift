import ContrailBase

/// A clock on which every sleep is over at once: it jumps to the instant that was asked for, and remembers it.
final class JumpingTime: TimeSource {
    private let state: Locked<(now: MonotonicInstant, sleeps: [Duration])>
    /// 2026-11-22 12:00:00 UTC, when the monotonic clock is at 1000 s.
    private static let wallAtStart: Int64 = 1_795_348_800_000_000_000
    private static let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    init() { state = Locked((Self.start, [])) }

    var now: MonotonicInstant { state.withLock { $0.now } }
    var wallNanoseconds: Int64 { Self.wallAtStart + (now - Self.start).wholeNanoseconds }
    /// How long each sleep was.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(by duration: Duration) { state.withLock { $0.now = $0.now + duration } }

    func sleep(until instant: MonotonicInstant) async throws {
        try Task.checkCancellation()
        state.withLock {
            $0.sleeps.append(instant - $0.now)
            $0.now = max($0.now, instant)
        }
    }
}

/// Always the same chance.
struct FixedRandom: RandomSource {
    var bits: UInt64 = 0
    func next() -> UInt64 { bits }
}
