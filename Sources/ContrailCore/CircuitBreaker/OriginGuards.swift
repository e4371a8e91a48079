import ContrailBase
import HTTPTypes

/// The circuit breakers and throttles of a client's origins: drives ``CircuitBreaker`` and ``AdaptiveThrottle``.
final class OriginGuards: Sendable {
    private struct State {
        var breakers = LRUTable<Origin, CircuitBreaker>(capacity: Origin.maxRemembered)
        var throttles = LRUTable<Origin, AdaptiveThrottle>(capacity: Origin.maxRemembered)
    }

    /// The right to send; to be handed back with the outcome.
    struct Pass: Sendable {
        fileprivate let breaker: CircuitBreaker.Pass?
    }

    /// Why a send may not go out.
    enum Refusal: Error, Equatable {
        case circuitOpen(until: MonotonicInstant?)
        case throttled
    }

    private let breakerPolicy: CircuitBreakerPolicy?
    private let throttlePolicy: AdaptiveThrottlingPolicy?
    private let state = Locked(State())
    private let time: any TimeSource
    private let random: any RandomSource

    /// `nil` if neither is set: then a send costs nothing more.
    init?(settings: PipelineSettings) {
        guard settings.circuitBreaker != nil || settings.adaptiveThrottling != nil else { return nil }
        breakerPolicy = settings.circuitBreaker
        throttlePolicy = settings.adaptiveThrottling
        time = settings.time
        random = settings.random
    }

    func admit(_ origin: Origin) throws(Refusal) -> Pass {
        let (now, unit) = (time.now, random.unit())
        let answer = state.withLock { state -> Result<Pass, Refusal> in
            if let throttlePolicy {
                let isAdmitted = state.throttles.update(origin, initial: AdaptiveThrottle(throttlePolicy)) {
                    $0.admit(at: now, unit: unit)
                }
                guard isAdmitted else { return .failure(.throttled) }
            }
            guard let breakerPolicy else { return .success(Pass(breaker: nil)) }
            switch state.breakers.update(origin, initial: CircuitBreaker(breakerPolicy), { $0.admit(at: now) }) {
            case .admitted(let pass): return .success(Pass(breaker: pass))
            case .rejected(let until): return .failure(.circuitOpen(until: until))
            }
        }
        return try answer.get()
    }

    /// Takes a pass back. Returns the circuit's state if this changed it.
    func record(_ health: SendHealth, of pass: Pass, to origin: Origin) -> CircuitState? {
        let (now, unit) = (time.now, random.unit())
        return state.withLock { state in
            if let throttlePolicy {
                state.throttles.update(origin, initial: AdaptiveThrottle(throttlePolicy)) {
                    switch health.breakerOutcome {
                    case .ignored: $0.forget(at: now)
                    case .success where !health.isOverload: $0.noteAccepted(at: now)
                    case .success, .failure: break
                    }
                }
            }
            guard let breakerPolicy, let pass = pass.breaker else { return nil }
            return state.breakers.update(origin, initial: CircuitBreaker(breakerPolicy)) { breaker in
                let before = breaker.state
                breaker.record(health.breakerOutcome, of: pass, at: now, unit: unit)
                return breaker.state == before ? nil : breaker.state
            }
        }
    }
}

/// What the outcome of a send says about the origin's health.
struct SendHealth: Equatable {
    let breakerOutcome: CircuitBreaker.Outcome
    /// It refused for load, or did not answer in time.
    let isOverload: Bool
    /// Request out to first byte back; `nil` if that says nothing.
    let latency: Duration?

    private static let silences: Set<TransportError.Kind> = [
        .timeout, .headTimeout, .idleReadTimeout, .idleWriteTimeout,
    ]

    init(_ outcome: Result<WireResponse, any Error>) {
        switch outcome {
        case .success(let response):
            let status = response.statusCode
            isOverload = status == 429 || status == 503
            breakerOutcome = status >= 500 && status != 501 && status != 505 ? .failure : .success
            latency = response.summary.responseTime
        case .failure(let error as TransportError):
            isOverload = Self.silences.contains(error.kind)
            breakerOutcome = OutcomeClass.of(error) == .final ? .ignored : .failure
            latency = nil
        case .failure(let error):
            // The call's own time ran out while the origin had not answered.
            let isOutOfTime = (error as? ClientError).map { $0.code == .deadlineExceeded && $0.phase == .send } ?? false
            isOverload = isOutOfTime
            breakerOutcome = isOutOfTime ? .failure : .ignored
            latency = nil
        }
    }
}

extension SendSummary {
    /// Request out, its body included, to first byte back: the origin's own time, without connecting.
    var responseTime: Duration? {
        guard let firstByte, let out = uploaded ?? requestStarted else { return nil }
        return max(firstByte - out, .zero)
    }
}
