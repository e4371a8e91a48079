import Contrail
import ContrailTesting
import Testing

/// A setting of resilience that makes no sense is refused by name, or counts as the nearest that does, as its comment says;
/// none traps.
@Suite(.timeLimit(.minutes(2))) struct ResilienceSettingsTests {
    typealias Configuration = HTTPClient.Configuration
    typealias Case = SettingCase

    private static func rule(_ change: @escaping @Sendable (inout RateLimit) -> Void)
        -> @Sendable (inout Configuration) -> Void
    {
        {
            var rule = RateLimit(1, per: .seconds(1))
            change(&rule)
            $0.rateLimits = RateLimits(rule)
        }
    }

    static let wrong = [
        Case("retryBudget.ratio") { $0.retryBudget?.ratio = -0.1 },
        Case("retryBudget.ratio") { $0.retryBudget?.ratio = .nan },
        Case("retryBudget.ratio") { $0.retryBudget?.ratio = .infinity },
        Case("retryBudget.minPerSecond") { $0.retryBudget?.minPerSecond = -1 },
        Case("retryBudget.minPerSecond") { $0.retryBudget?.minPerSecond = .nan },
        Case("retryBudget.minPerSecond") { $0.retryBudget?.minPerSecond = 1e7 },
        Case("retryBudget.window") { $0.retryBudget?.window = .zero },
        Case("retryBudget.window") { $0.retryBudget?.window = .seconds(Int64.max) },
        Case("hedging.budget.ratio") { configuration in
            var policy = HedgingPolicy()
            policy.budget.ratio = .nan
            configuration.hedging = policy
        },
        Case("hedging.maxExtraSends") {
            $0.hedging = .after(.seconds(1)); $0.hedging?.maxExtraSends = -1
        },
        Case("hedging.maxExtraSends") {
            $0.hedging = .after(.seconds(1)); $0.hedging?.maxExtraSends = 11
        },
        Case("hedging.delay") { $0.hedging = .after(.seconds(-1)) },
        Case("hedging.delay") { $0.hedging = .slowerThan(.nan) },
        Case("hedging.delay") { $0.hedging = .slowerThan(1.5) },
        Case("circuitBreaker.failureRatio") {
            $0.circuitBreaker = .standard; $0.circuitBreaker?.failureRatio = 0
        },
        Case("circuitBreaker.failureRatio") {
            $0.circuitBreaker = .standard; $0.circuitBreaker?.failureRatio = .nan
        },
        Case("circuitBreaker.minSends") {
            $0.circuitBreaker = .standard; $0.circuitBreaker?.minSends = 0
        },
        Case("circuitBreaker.probes") {
            $0.circuitBreaker = .standard; $0.circuitBreaker?.probes = 0
        },
        Case("circuitBreaker.window") {
            $0.circuitBreaker = .standard; $0.circuitBreaker?.window = .zero
        },
        Case("circuitBreaker.openTime") {
            $0.circuitBreaker = .standard; $0.circuitBreaker?.openTime = .zero
        },
        Case("circuitBreaker.maxOpenTime") {
            $0.circuitBreaker = .standard
            $0.circuitBreaker?.maxOpenTime = .seconds(1)
        },
        Case("adaptiveThrottling.k") {
            $0.adaptiveThrottling = .standard; $0.adaptiveThrottling?.k = .nan
        },
        Case("adaptiveThrottling.k") {
            $0.adaptiveThrottling = .standard; $0.adaptiveThrottling?.k = 0.5
        },
        Case("adaptiveThrottling.maxRefused") {
            $0.adaptiveThrottling = .standard
            $0.adaptiveThrottling?.maxRefused = 1.1
        },
        Case("adaptiveThrottling.window") {
            $0.adaptiveThrottling = .standard
            $0.adaptiveThrottling?.window = .seconds(-1)
        },
        Case("rateLimits.amount", rule { $0.amount = 0 }),
        Case("rateLimits.burst", rule { $0.burst = 0 }),
        Case("rateLimits.interval", rule { $0.interval = .zero }),
        Case("rateLimits.maxPause") {
            $0.rateLimits = RateLimits()
            $0.rateLimits?.maxPause = .seconds(-1)
        },
        Case("limits.maxQueueTime") { $0.limits.maxQueueTime = .zero },
        Case("limits.adaptive.min") {
            $0.limits.adaptive = .standard; $0.limits.adaptive?.min = 0
        },
        Case("limits.adaptive.max") {
            $0.limits.adaptive = .standard; $0.limits.adaptive?.max = 0
        },
        Case("limits.adaptive.max") {
            $0.limits.adaptive = .standard; $0.limits.adaptive?.max = .max
        },
        Case("limits.adaptive.tolerance") {
            $0.limits.adaptive = .standard; $0.limits.adaptive?.tolerance = .nan
        },
        Case("limits.adaptive.tolerance") {
            $0.limits.adaptive = .standard; $0.limits.adaptive?.tolerance = 0.5
        },
        Case("limits.adaptive.window") {
            $0.limits.adaptive = .standard; $0.limits.adaptive?.window = .zero
        },
        Case("limits.adaptive.probeInterval") {
            $0.limits.adaptive = .standard
            $0.limits.adaptive?.probeInterval = .seconds(-1)
        },
    ]

    @Test(arguments: wrong) func refuses(_ wrong: Case) {
        var configuration = Configuration()
        wrong.change(&configuration)
        let error = #expect(throws: ConfigurationError.self) { try HTTPClient(configuration: configuration) }
        #expect(error?.description.hasPrefix(wrong.name + " is ") == true, "\(error?.description ?? "accepted")")
    }

    /// What counts as the nearest value that makes sense.
    static let clamped = [
        Case("no attempts are one") { $0.retry.maxAttempts = .min },
        Case("negative waits are none") {
            $0.retry.backOff = .sequence([.seconds(-5)]); $0.retry.maxAttempts = 1
        },
        Case("an empty sequence waits not at all") {
            $0.retry.backOff = .sequence([]); $0.retry.maxAttempts = 1
        },
        Case("a negative base is none") {
            $0.retry.backOff.transientBase = .seconds(-1); $0.retry.maxAttempts = 1
        },
        Case("no server is waited for") {
            $0.retry.maxServerDelay = .seconds(-1); $0.retry.maxAttempts = 1
        },
        Case("the first limit is within the range") {
            $0.limits.adaptive = .standard
            $0.limits.adaptive?.initial = .max
        },
        Case("the first limit is within the range") {
            $0.limits.adaptive = .standard
            $0.limits.adaptive?.initial = .min
        },
    ]

    @Test(arguments: clamped) func takes(_ odd: Case) async throws {
        var configuration = Configuration()
        odd.change(&configuration)
        let transport = ScriptedTransport(.status(503))
        let client = try HTTPClient(configuration: configuration, transport: transport)
        let expected = configuration.retry.maxAttempts <= 1 ? 1 : 3
        #expect(try await client.get("http://a.test").status.code == 503)
        #expect(transport.requestCount == expected)
    }

    /// Any values: the client is refused with a typed error, or its calls end.
    @Test(arguments: 0..<20) func noValueTraps(block: Int) async throws {
        for seed in 0..<10 { try await call(seed: UInt64(block * 10 + seed)) }
    }

    private func call(seed: UInt64) async throws {
        let time = ManualTime()
        let transport = ScriptedTransport(
            .status(200), .status(503), .status(429, headers: [.retryAfter: "1"]), .status(500), .status(200),
            .failure(.timeout), .status(503), time: time)
        let client: HTTPClient
        do {
            var configuration = OddSettings(seed: seed).configuration
            configuration.time = time
            configuration.random = SeededRandom(seed: seed)
            client = try HTTPClient(configuration: configuration, transport: transport)
        } catch is ConfigurationError {
            return
        }
        let mover = Task {
            while true {
                try Task.checkCancellation()
                time.advance(by: .milliseconds(500))
                await Task.yield()
            }
        }
        for number in 0..<8 {
            var request = HTTPClient.Request.get("http://a.test/\(number)")
            request.tokenCost = OddSettings.number(seed &+ UInt64(number))
            request.rateLimitKey = "k"
            // A rate may be so low that a call without an end waits for ever, as it was told to.
            request.timeout = .seconds(100)
            do {
                _ = try await client.execute(request)
            } catch {
                #expect(error is ClientError, "\(error)")
            }
        }
        mover.cancel()
    }
}

/// Settings of which a few are as odd as the types allow.
private struct OddSettings {
    private let random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    private func pick<Value>(_ usual: Value, _ odd: Value...) -> Value {
        random.next() % 4 > 0 ? usual : odd[Int(random.next() % UInt64(odd.count))]
    }
    private func number(_ usual: Int) -> Int { pick(usual, 0, -1, 1, .min, .max, 1 << 53) }
    private func real(_ usual: Double) -> Double {
        pick(usual, 0, -1, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude)
    }
    private func time(_ usual: Duration) -> Duration {
        pick(usual, .zero, .seconds(-1), .seconds(Int64.max), .seconds(Int64.min), .nanoseconds(1))
    }

    static func number(_ seed: UInt64) -> Int { OddSettings(seed: seed).number(3) }

    private func budget() -> RetryBudget {
        var budget = RetryBudget()
        (budget.ratio, budget.minPerSecond, budget.window) = (real(0.2), real(10), time(.seconds(10)))
        return budget
    }

    var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = pick(.seconds(60), nil, .nanoseconds(1), .seconds(Int64.max))
        configuration.attemptTimeout = pick(.seconds(30), nil, .seconds(Int64.max))
        configuration.retry.maxAttempts = pick(3, 0, -1, .min, 7)
        configuration.retry.backOff.transientBase = time(.milliseconds(50))
        configuration.retry.backOff.throttledBase = time(.seconds(1))
        configuration.retry.backOff.cap = pick(.seconds(20), .zero, .seconds(-1), .seconds(40))
        configuration.retry.maxServerDelay = time(.seconds(60))
        configuration.retryBudget = pick(budget(), nil)
        configuration.limits.maxTotal = number(100)
        configuration.limits.maxPerOrigin = number(32)
        configuration.limits.maxQueued = number(1_000)
        configuration.limits.maxQueueTime = pick(nil, .seconds(1), .zero, .seconds(Int64.max))
        if random.next() % 2 == 0 { configuration.limits.adaptive = adaptive() }
        if random.next() % 3 == 0 { configuration.hedging = hedging() }
        if random.next() % 2 == 0 { configuration.circuitBreaker = breaker() }
        if random.next() % 2 == 0 { configuration.adaptiveThrottling = throttling() }
        if random.next() % 2 == 0 { configuration.rateLimits = rates() }
        return configuration
    }

    private func adaptive() -> AdaptiveConcurrency {
        var adaptive = AdaptiveConcurrency()
        (adaptive.initial, adaptive.min, adaptive.max) = (number(20), number(1), number(200))
        (adaptive.tolerance, adaptive.window) = (real(1.1), time(.seconds(1)))
        adaptive.probeInterval = time(.seconds(30))
        return adaptive
    }

    private func hedging() -> HedgingPolicy {
        var policy = random.next() % 2 == 0 ? HedgingPolicy.after(time(.seconds(1))) : .slowerThan(real(0.9))
        policy.maxExtraSends = number(1)
        policy.budget = budget()
        return policy
    }

    private func breaker() -> CircuitBreakerPolicy {
        var breaker = CircuitBreakerPolicy()
        (breaker.failureRatio, breaker.minSends, breaker.probes) = (real(0.5), number(2), number(3))
        (breaker.window, breaker.openTime) = (time(.seconds(10)), time(.seconds(5)))
        breaker.maxOpenTime = time(.seconds(60))
        return breaker
    }

    private func throttling() -> AdaptiveThrottlingPolicy {
        var policy = AdaptiveThrottlingPolicy()
        (policy.k, policy.maxRefused) = (real(2), real(0.9))
        (policy.window, policy.minRequests) = (time(.seconds(120)), number(2))
        return policy
    }

    private func rates() -> RateLimits {
        var limits = RateLimits(
            RateLimit(number(5), per: time(.seconds(1)), burst: number(5)),
            RateLimit(number(100), .tokens, per: time(.seconds(1)), scope: .key))
        limits.maxPause = time(.seconds(60))
        return limits
    }
}
