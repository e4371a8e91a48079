#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where time comes from: injected everywhere, so that tests move it by hand.
public protocol TimeSource: Sendable {
    /// The monotonic clock. Never goes back; every deadline and every duration is measured on it.
    var now: MonotonicInstant { get }
    /// The wall clock, in nanoseconds since 1970-01-01 UTC. May jump; used for timestamps only.
    var wallNanoseconds: Int64 { get }
    /// Suspends until the monotonic clock reaches `instant`. Throws `CancellationError` as soon as the task is cancelled.
    func sleep(until instant: MonotonicInstant) async throws
}

/// The machine's own clocks.
public struct SystemTime: TimeSource {
    /// Makes a source of the machine's time. Free of cost.
    public init() {}

    /// CLOCK_MONOTONIC.
    public var now: MonotonicInstant { MonotonicInstant(nanoseconds: Self.read(CLOCK_MONOTONIC)) }

    /// CLOCK_REALTIME.
    public var wallNanoseconds: Int64 { Self.read(CLOCK_REALTIME) }

    /// Suspends without holding a thread.
    public func sleep(until instant: MonotonicInstant) async throws {
        try Task.checkCancellation()
        while case let remaining = instant - now, remaining > .zero {
            try await Task.sleep(for: min(remaining, Self.longestPiece), tolerance: .zero)
        }
    }

    /// The runtime keeps a cancelled sleep's timer until it fires, and one that lies beyond what libdispatch can express
    /// never fires: it would be lost. So a long sleep is made of shorter ones.
    static let longestPiece = Duration.seconds(3600)

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // SAFETY: the pointer is to a local variable and does not outlive the call.
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
