import ContrailCore

extension HTTPClient.Configuration {
    /// The policies of resilience. Each value that a policy's comment gives a range for has to be in it.
    func validateResilience() throws {
        if let retryBudget { try Self.validate(retryBudget, "retryBudget") }
        if let hedging { try Self.validate(hedging) }
        if let circuitBreaker { try Self.validate(circuitBreaker) }
        if let adaptiveThrottling { try Self.validate(adaptiveThrottling) }
        if let rateLimits { try Self.validate(rateLimits) }
        if let adaptive = limits.adaptive { try Self.validate(adaptive) }
        if let time = limits.maxQueueTime { try Self.require(time > .zero, "limits.maxQueueTime", time, Self.positive) }
    }

    private static let positive = "longer than zero"
    /// What is summed up over a time that slides.
    private static let windows = Duration.milliseconds(10)...Duration.seconds(86_400)
    private static let windowRange = "from 10 ms to 1 day"

    private static func validate(_ budget: RetryBudget, _ name: String) throws {
        try require((0...1_000).contains(budget.ratio), "\(name).ratio", budget.ratio, "from 0 to 1,000")
        try require(
            (0...1_000_000).contains(budget.minPerSecond), "\(name).minPerSecond", budget.minPerSecond,
            "from 0 to 1,000,000")
        try require(windows.contains(budget.window), "\(name).window", budget.window, windowRange)
    }

    private static func validate(_ hedging: HedgingPolicy) throws {
        try require(
            (0...10).contains(hedging.maxExtraSends), "hedging.maxExtraSends", hedging.maxExtraSends, "from 0 to 10")
        switch hedging.delay {
        case .fixed(let delay): try require(delay >= .zero, "hedging.delay", delay, "zero or longer")
        case .percentile(let share): try require((0...1).contains(share), "hedging.delay", share, "a share from 0 to 1")
        }
        try validate(hedging.budget, "hedging.budget")
    }

    private static func validate(_ breaker: CircuitBreakerPolicy) throws {
        let name = "circuitBreaker"
        try require(
            breaker.failureRatio > 0 && breaker.failureRatio <= 1, "\(name).failureRatio", breaker.failureRatio,
            "above 0, up to 1")
        try require(breaker.minSends >= 1, "\(name).minSends", breaker.minSends, "at least 1")
        try require(breaker.probes >= 1, "\(name).probes", breaker.probes, "at least 1")
        try require(windows.contains(breaker.window), "\(name).window", breaker.window, windowRange)
        try require(breaker.openTime > .zero, "\(name).openTime", breaker.openTime, positive)
        try require(
            breaker.maxOpenTime >= breaker.openTime, "\(name).maxOpenTime", breaker.maxOpenTime, "at least openTime")
    }

    private static func validate(_ throttling: AdaptiveThrottlingPolicy) throws {
        let name = "adaptiveThrottling"
        try require(throttling.k >= 1, "\(name).k", throttling.k, "at least 1")
        try require(
            (0...1).contains(throttling.maxRefused), "\(name).maxRefused", throttling.maxRefused, "from 0 to 1")
        try require(windows.contains(throttling.window), "\(name).window", throttling.window, windowRange)
    }

    private static func validate(_ limits: RateLimits) throws {
        for rule in limits.rules {
            try require(rule.amount >= 1, "rateLimits.amount", rule.amount, "at least 1")
            try require(rule.burst >= 1, "rateLimits.burst", rule.burst, "at least 1")
            try require(rule.interval > .zero, "rateLimits.interval", rule.interval, positive)
        }
        try require(limits.maxPause >= .zero, "rateLimits.maxPause", limits.maxPause, "zero or longer")
    }

    private static func validate(_ adaptive: AdaptiveConcurrency) throws {
        let name = "limits.adaptive"
        try require(adaptive.min >= 1, "\(name).min", adaptive.min, "at least 1")
        try require(
            adaptive.max >= adaptive.min && adaptive.max <= AdaptiveConcurrency.largest, "\(name).max", adaptive.max,
            "from min to \(AdaptiveConcurrency.largest)")
        try require(
            (1...1_000).contains(adaptive.tolerance), "\(name).tolerance", adaptive.tolerance, "from 1 to 1,000")
        try require(adaptive.window > .zero, "\(name).window", adaptive.window, positive)
        try require(adaptive.probeInterval > .zero, "\(name).probeInterval", adaptive.probeInterval, positive)
    }

    static func require(_ condition: Bool, _ name: String, _ value: some Any, _ legal: String) throws {
        guard condition else { throw ConfigurationError("\(name) is \(value); it must be \(legal).") }
    }
}
