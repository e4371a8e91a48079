/// A point on the machine's monotonic clock, in nanoseconds since an origin that only this process knows.
public struct MonotonicInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since the clock's origin.
    public var nanoseconds: Int64

    /// Makes an instant from nanoseconds since the clock's origin.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Earlier is smaller.
    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The instant that lies `duration` later; saturates instead of overflowing.
    public static func + (instant: Self, duration: Duration) -> Self {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return Self(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from `start` to `end`; negative if `end` is earlier.
    public static func - (end: Self, start: Self) -> Duration {
        .nanoseconds(end.nanoseconds &- start.nanoseconds)
    }
}

extension Duration {
    /// This duration in nanoseconds, towards zero; saturates at the range of `Int64` (292 years).
    package var wholeNanoseconds: Int64 {
        Int64(clamping: attoseconds / 1_000_000_000)
    }

    /// This duration in seconds, as a floating-point number.
    package var inSeconds: Double {
        // What was not waited for is zero, and dividing 128 bits is not free.
        guard self != .zero else { return 0 }
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
