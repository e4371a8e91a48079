/// How long to wait before sending again: exponential with full jitter.
///
/// The wait before retry `i` (from 0) is uniform in `0 ..< min(cap, base · 2^i)`. Full jitter spreads a crowd of clients
/// best; the cap comes before the jitter (AWS SDKs' retry behaviour of 2026, resilience reference §2.2).
public struct BackOff: Sendable, Hashable {
    /// The first range for failures that may pass. Default 50 ms.
    public var transientBase: Duration = .milliseconds(50)
    /// The first range when the server asked for less. Default 1 s.
    public var throttledBase: Duration = .seconds(1)
    /// The largest range. Default 20 s.
    public var cap: Duration = .seconds(20)

    /// The defaults.
    public init() {}

    /// The wait before retry number `retry` (from 0), with `unit` uniform in `0 ..< 1`.
    func delay(retry: Int, class outcome: OutcomeClass, unit: Double) -> Duration {
        let base = outcome == .throttled ? throttledBase : transientBase
        // 2^62 ns is a century: beyond it only the cap counts, and the shift must not overflow.
        let exponent = min(max(retry, 0), 30)
        let range = min(base * (1 << exponent), cap)
        return max(range, .zero) * unit
    }
}
