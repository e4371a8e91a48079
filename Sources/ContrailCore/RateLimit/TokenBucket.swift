import ContrailBase

/// A token bucket: so many per time, at most a burst at once. Pure: the caller says what time it is.
///
/// Tokens come back continuously. A server that complains slows the bucket down for a while; one whose quota is used up
/// pauses it.
struct TokenBucket {
    /// Rate after a complaint, and the share of the full rate that comes back per second.
    private static let slowDown = 0.7
    private static let slowest = 0.05
    private static let recoveryPerSecond = 0.1
    /// Less than this is lost in rounding.
    private static let epsilon = 1e-6

    /// Per second; infinite for a bucket that is only paused.
    private let rate: Double
    let burst: Double
    private(set) var tokens: Double
    private var last: MonotonicInstant
    /// The share of the rate that is in force.
    private var share = 1.0
    private var pausedUntil = MonotonicInstant(nanoseconds: .min)
    private var lastSlowDown: MonotonicInstant?

    init(_ limit: RateLimit, at now: MonotonicInstant) {
        rate = Double(max(limit.amount, 1)) / max(limit.interval.inSeconds, 1e-9)
        burst = Double(max(limit.burst, 1))
        tokens = burst
        last = now
    }

    private init(unlimitedAt now: MonotonicInstant) {
        (rate, burst, tokens, last) = (.infinity, .infinity, .infinity, now)
    }

    /// A bucket without a limit of its own: it can only be paused.
    static func unlimited(at now: MonotonicInstant) -> TokenBucket { TokenBucket(unlimitedAt: now) }

    private var isUnlimited: Bool { rate == .infinity }

    /// What it holds at a moment that is not past.
    func tokens(at now: MonotonicInstant) -> Double {
        var bucket = self
        bucket.refill(at: now)
        return bucket.tokens
    }

    /// Nothing would be lost by forgetting it.
    func isFresh(at now: MonotonicInstant) -> Bool {
        var bucket = self
        bucket.refill(at: now)
        return bucket.tokens >= burst && pausedUntil <= now && bucket.share >= 1
    }

    /// How full it is, 0 to 1.
    var level: Double { isUnlimited ? 1 : tokens / burst }

    // MARK: Taking

    /// When `cost` tokens are there if nobody takes any: `now` if they are. `cost` may exceed the burst when it is the
    /// sum of several to come.
    mutating func ready(for cost: Double, at now: MonotonicInstant) -> MonotonicInstant {
        refill(at: now)
        let missing = isUnlimited ? 0 : cost - tokens
        let refilled =
            missing <= Self.epsilon ? now : now + .nanoseconds(Int64(min(wait(for: missing) * 1e9 + 1, 4e18)))
        return max(refilled, pausedUntil)
    }

    /// Takes `cost` tokens that are there.
    mutating func take(_ cost: Double) { if !isUnlimited { tokens -= cost } }

    /// Puts back what was taken and not used. Never above the burst.
    mutating func giveBack(_ cost: Double, at now: MonotonicInstant) {
        refill(at: now)
        if !isUnlimited { tokens = min(burst, tokens + cost) }
    }

    private mutating func refill(at now: MonotonicInstant) {
        guard now > last else { return }
        let seconds = (now - last).inSeconds
        last = now
        guard !isUnlimited else { return }
        let ramp = min((1 - share) / Self.recoveryPerSecond, seconds)
        let gained = (share + Self.recoveryPerSecond * ramp / 2) * ramp + (seconds - ramp)
        share = min(1, share + Self.recoveryPerSecond * ramp)
        tokens = min(burst, tokens + rate * gained)
    }

    /// Seconds until `missing` tokens have come, with a rate that may still be recovering.
    private func wait(for missing: Double) -> Double {
        let needed = missing / rate
        let growth = Self.recoveryPerSecond
        let ramp = (1 - share) / growth
        let duringRamp = (share + 1) / 2 * ramp
        if needed >= duringRamp { return ramp + needed - duringRamp }
        return ((share * share + 2 * growth * needed).squareRoot() - share) / growth
    }

    // MARK: What the server says

    /// The server counts fewer left than we do.
    mutating func noteRemaining(_ remaining: Int, at now: MonotonicInstant) {
        refill(at: now)
        if !isUnlimited { tokens = min(tokens, Double(remaining)) }
    }

    /// Nothing before `instant`. Pauses do not get shorter.
    mutating func pause(until instant: MonotonicInstant) { pausedUntil = max(pausedUntil, instant) }

    /// The server asked for less and did not say when. Complaints about one moment, up to a second, count once.
    mutating func slowDown(at now: MonotonicInstant) {
        refill(at: now)
        if let lastSlowDown, now - lastSlowDown < .seconds(1) { return }
        lastSlowDown = now
        share = max(Self.slowest, share * Self.slowDown)
    }
}
