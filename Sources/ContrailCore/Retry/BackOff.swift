/// How long to wait before sending again: exponential with full jitter, or a sequence of one's own.
///
/// The wait before retry `i` (from 0) is uniform in `0 ..< min(cap, base · 2^i)`. Full jitter spreads a crowd of clients
/// best; the cap comes before the jitter (AWS SDKs' retry behaviour of 2026).
public struct BackOff: Sendable, Hashable {
    /// The first range for failures that may pass. Default 50 ms.
    public var transientBase: Duration = .milliseconds(50)
    /// The first range when the server asked for less. Default 1 s.
    public var throttledBase: Duration = .seconds(1)
    /// The largest range. Default 20 s.
    public var cap: Duration = .seconds(20)
    /// Waits of one's own, taken exactly as they are, the last one for all further retries; `nil`, the default:
    /// exponential with jitter. An empty sequence waits not at all; negative waits count as zero.
    public var sequence: [Duration]?

    /// The defaults.
    public init() {}

    /// These waits, one after the other, the last one for all further retries.
    public static func sequence(_ waits: [Duration]) -> BackOff {
        var backOff = BackOff()
        backOff.sequence = waits
        return backOff
    }

    /// Beyond this nobody waits; it keeps the arithmetic far from its ends.
    static let longest = Duration.seconds(1 << 31)

    /// The wait before retry number `retry` (from 0), with `unit` uniform in `0 ..< 1`.
    func delay(retry: Int, class outcome: OutcomeClass, unit: Double) -> Duration {
        if let sequence {
            let wait = sequence.isEmpty ? .zero : sequence[min(max(retry, 0), sequence.count - 1)]
            return min(max(wait, .zero), Self.longest)
        }
        let cap = min(max(self.cap, .zero), Self.longest)
        var range = min(max(outcome == .throttled ? throttledBase : transientBase, .zero), cap)
        // Doubled step by step, and never beyond the cap: no value that a user may set can overflow.
        for _ in 0..<min(max(retry, 0), 64) { range = range > cap / 2 ? cap : range * 2 }
        return range * unit
    }
}
