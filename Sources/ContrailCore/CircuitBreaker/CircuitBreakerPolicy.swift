/// Stops sending to an origin that fails, and tries again after a while. Off unless set.
///
/// Counted are sends, retries included. Failures are: no connection, no whole answer, and 5xx (without 501 and 505); a 4xx or
/// 429 is an answer. The default opens at half of the sends, not earlier: a breaker that opens at 10 % turns an origin that
/// is 85 % there into one that is not there at all.
public struct CircuitBreakerPolicy: Sendable, Hashable {
    /// The share of failures that opens the circuit, above 0, up to 1. Default 0.5.
    public var failureRatio = 0.5
    /// Fewer sends than this in the window never open it; at least 1. Default 20.
    public var minSends = 20
    /// How long a send counts, 10 ms to 1 day. Default 10 s.
    public var window: Duration = .seconds(10)
    /// How long the circuit is open at first, give or take 20 %. Doubles with each failed probe. Default 5 s.
    public var openTime: Duration = .seconds(5)
    /// The longest that it is open. Default 60 s.
    public var maxOpenTime: Duration = .seconds(60)
    /// How many sends have to go well before it is closed again; at least 1. Default 3.
    public var probes = 3

    /// The defaults.
    public init() {}

    /// Half of at least 20 sends in 10 s.
    public static let standard = CircuitBreakerPolicy()
}

/// What a circuit breaker lets through.
public enum CircuitState: String, Sendable, Hashable {
    /// Everything.
    case closed
    /// Nothing.
    case open
    /// A few probes.
    case halfOpen = "half_open"
}
