import ContrailBase

/// Holds back a share of the sends to an origin that refuses much, instead of all of them. Off unless set.
///
/// Of `requests` wanted and `accepts` that went well in the window, a share of `(requests - k · accepts) / (requests + 1)`
/// is refused here (Google SRE, chapter 21: client-side throttling). Smoother than a circuit breaker: as soon as the origin
/// accepts more, more is sent.
public struct AdaptiveThrottlingPolicy: Sendable, Hashable {
    /// How many sends per accepted one are let through, at least 1. Smaller is stricter. Default 2.
    public var k = 2.0
    /// How long a send counts, 10 ms to 1 day. Keep it well above the slowest answers. Default 2 min.
    public var window: Duration = .seconds(120)
    /// The largest share that is refused, 0 to 1: the rest finds out whether the origin is back. Default 0.9.
    public var maxRefused = 0.9
    /// Fewer requests than this in the window are never refused. Default 20.
    public var minRequests = 20

    /// The defaults.
    public init() {}

    /// K = 2 over two minutes, at most 90 %.
    public static let standard = AdaptiveThrottlingPolicy()
}

/// The throttle of one origin. Pure: time and chance are handed in.
struct AdaptiveThrottle {
    private let policy: AdaptiveThrottlingPolicy
    /// Requests and accepts.
    private var counts: RollingSums

    init(_ policy: AdaptiveThrottlingPolicy) {
        self.policy = policy
        counts = RollingSums(window: policy.window, slots: 24)
    }

    /// Whether a send may go out. Counted before it is sent, and also if it is refused: a burst shows at once.
    mutating func admit(at now: MonotonicInstant, unit: Double) -> Bool {
        let share = refusedShare(at: now)
        counts.add(1, at: now)
        return unit >= share
    }

    mutating func noteAccepted(at now: MonotonicInstant) { counts.add(0, 1, at: now) }

    /// A send that says nothing about the origin, as if it had not been.
    mutating func forget(at now: MonotonicInstant) { counts.add(-1, at: now) }

    mutating func refusedShare(at now: MonotonicInstant) -> Double {
        let (requests, accepts) = counts.sums(at: now)
        guard requests >= policy.minRequests else { return 0 }
        let excess = Double(requests) - max(policy.k, 1) * Double(accepts)
        return min(max(excess / Double(requests + 1), 0), min(max(policy.maxRefused, 0), 1))
    }
}
