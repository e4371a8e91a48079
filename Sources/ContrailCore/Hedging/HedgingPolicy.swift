/// Sends a request a second time when the first takes long, and takes the answer that comes first. Off unless set.
///
/// Only requests that are idempotent and whose body can be sent again are hedged. Each hedge is a send like any other, with
/// a permit, a token and a span of its own; it counts as an attempt and draws on the retry budget as well as on its own.
/// On HTTP/1.1 the loser's connection is closed: best with HTTP/2.
public struct HedgingPolicy: Sendable, Hashable {
    /// How long the first send may take before the second is made.
    public enum Delay: Sendable, Hashable {
        /// Always this long.
        case fixed(Duration)
        /// Longer than this share of the origin's recent answers took, 0 to 1; no hedge before 100 answers are known.
        case percentile(Double)
    }

    /// How long to wait. Default: longer than 95 % of the answers.
    public var delay = Delay.percentile(0.95)
    /// Sends beside the first. Default 1.
    public var maxExtraSends = 1
    /// How many hedges an origin may get. Default: 5 % of what went well, and 1 per second.
    public var budget: RetryBudget = {
        var budget = RetryBudget()
        budget.ratio = 0.05
        budget.minPerSecond = 1
        return budget
    }()

    /// The defaults.
    public init() {}

    /// After `delay`.
    public static func after(_ delay: Duration) -> HedgingPolicy {
        var policy = HedgingPolicy()
        policy.delay = .fixed(delay)
        return policy
    }

    /// When the send takes longer than this share of the answers, 0 to 1.
    public static func slowerThan(_ share: Double) -> HedgingPolicy {
        var policy = HedgingPolicy()
        policy.delay = .percentile(share)
        return policy
    }
}
