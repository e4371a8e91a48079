package import ContrailBase
package import HTTPTypes

/// What the pipeline of a client is made of. Fixed when the client is made.
package struct PipelineSettings: Sendable {
    package var baseURL: RequestURL?
    package var defaultHeaders: HTTPFields = [:]
    package var timeout: Duration? = .seconds(60)
    package var attemptTimeout: Duration? = .seconds(30)
    package var connectTimeout: Duration = .seconds(10)
    package var timeToHeadTimeout: Duration?
    package var idleReadTimeout: Duration = .seconds(30)
    package var idleWriteTimeout: Duration = .seconds(30)
    package var maxResponseBytes = 64 * 1024 * 1024
    package var decoding = ContentDecoding.automatic
    package var retry = RetryPolicy.standard
    package var retryBudget: RetryBudget? = .standard
    package var redirects = RedirectPolicy.follow()
    /// In lower case.
    package var secretHeaders: Set<String> = []
    package var hedging: HedgingPolicy?
    package var circuitBreaker: CircuitBreakerPolicy?
    package var adaptiveThrottling: AdaptiveThrottlingPolicy?
    package var rateLimits: RateLimits?
    package var limits = ConcurrencyLimits()
    package var callMiddleware: [any HTTPMiddleware] = []
    package var sendMiddleware: [any HTTPMiddleware] = []
    package var observers: [any CallObserver] = []
    package var time: any TimeSource = SystemTime()
    package var random: any RandomSource = SystemRandom()

    package init() {}
}
