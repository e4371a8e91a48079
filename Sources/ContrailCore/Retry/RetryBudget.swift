/// How much extra load retries and hedges may put on an origin: a share of what went well lately, and a little always.
///
/// Retries help against single failures; when a server is down they only multiply its load. The budget is kept per
/// origin, over a sliding window: every success adds ``ratio``, every retry takes 1, and ``minPerSecond`` × ``window`` is
/// there from the start. A call that finds it empty returns what it has (Finagle's retry budget; Google SRE, chapter 22).
public struct RetryBudget: Sendable, Hashable {
    /// Retries per success, 0 to 1,000. Default 0.2.
    public var ratio = 0.2
    /// Retries per second that are always allowed, averaged over the window, 0 to 1,000,000. Default 10.
    public var minPerSecond = 10.0
    /// How long a success counts, 10 ms to 1 day. Default 10 s.
    public var window: Duration = .seconds(10)

    /// The defaults.
    public init() {}

    /// 20 % and 10 per second over 10 s.
    public static let standard = RetryBudget()
}
