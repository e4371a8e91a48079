import ContrailBase

/// So many in so much time, with a burst: one rule of ``RateLimits``.
///
/// Every send takes from it: first sends, retries, hedges and redirects. Sends wait their turn, first come first served.
public struct RateLimit: Sendable, Hashable {
    /// What is counted.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        /// Each send is one.
        case requests
        /// Each send is ``HTTPCall/Request/tokenCost``: the tokens of an AI API, or any other measure of size.
        case tokens
    }

    /// Who shares the rule's amount.
    public enum Scope: String, Sendable, Hashable, CaseIterable {
        /// All sends of the client.
        case client
        /// All sends to one origin.
        case origin
        /// All sends with one ``HTTPCall/Request/rateLimitKey`` (an API key, a tenant); sends without one are free of it.
        case key
    }

    /// What is counted. Default requests.
    public var unit = Unit.requests
    /// Who shares the amount. Default an origin.
    public var scope = Scope.origin
    /// How many in ``interval``; at least 1.
    public var amount: Int
    /// In which time; longer than zero. The amount comes back evenly over it.
    public var interval: Duration
    /// How many at once after a pause; at least 1. Default: ``amount``. A send that costs more is refused.
    public var burst: Int

    /// `amount` in `interval`, at most `burst` at once (`nil`: `amount`).
    public init(
        _ amount: Int, _ unit: Unit = .requests, per interval: Duration, burst: Int? = nil, scope: Scope = .origin
    ) {
        self.amount = amount
        self.unit = unit
        self.interval = interval
        self.burst = burst ?? amount
        self.scope = scope
    }

    /// Per nanosecond.
    var rate: Double { Double(max(amount, 1)) / Double(max(interval.wholeNanoseconds, 1)) }
}
