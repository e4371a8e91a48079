import ContrailBase

/// What a send passes before it goes out: circuit breaker and throttle, rate limits, permits, in this order. What refuses
/// at once comes first, and a permit is held only while sending.
struct AdmissionStep: Sendable {
    private let guards: OriginGuards?
    private let rates: RateLimiter?
    private let permits: Admission
    private let time: any TimeSource

    /// A send on its way; to be handed back with its outcome.
    struct Entry: Sendable {
        let permit: Permit
        /// What else was taken; `nil` if only a permit is asked for.
        fileprivate let dues: Dues?
    }

    fileprivate final class Dues: Sendable {
        let pass: OriginGuards.Pass?
        let claim: RateClaim?

        init?(_ pass: OriginGuards.Pass?, _ claim: RateClaim?) {
            guard pass != nil || claim != nil else { return nil }
            self.pass = pass
            self.claim = claim
        }
    }

    init(settings: PipelineSettings) {
        guards = OriginGuards(settings: settings)
        rates = settings.rateLimits.map {
            RateLimiter(limits: $0, maxQueued: settings.limits.maxQueued, time: settings.time, random: settings.random)
        }
        permits = Admission(limits: settings.limits, time: settings.time)
        time = settings.time
    }

    /// Sends that wait for a permit.
    var waitingCount: Int { permits.waitingCount }

    func shutDown() {
        rates?.shutDown()
        permits.shutDown()
    }

    /// The entry, if nothing has to be asked but whether a permit is free: no task is suspended, and no frame made for it.
    func enterAtOnce(_ origin: Origin) -> Entry? {
        guard guards == nil, rates == nil, !Task.isCancelled, permits.acquireAtOnce(origin) else { return nil }
        return Entry(permit: Permit(admission: permits, origin: origin), dues: nil)
    }

    /// Throws ``ClientError`` or `CancellationError`; then nothing is held and nothing was taken.
    @inline(never)
    func enter(
        _ origin: Origin, _ call: CallState, isolation: isolated (any Actor)? = #isolation
    ) async throws -> Entry {
        try Task.checkCancellation()
        guard guards != nil || rates != nil else {
            return Entry(permit: try await waitForPermit(origin, call, isolation: isolation), dues: nil)
        }
        return try await enterThroughAll(origin, call)
    }

    @inline(never)
    private func enterThroughAll(_ origin: Origin, _ call: CallState) async throws -> Entry {
        let pass = try passGuards(origin, call)
        do {
            let claim = rates == nil ? nil : try await waitForRate(origin, call)
            do {
                let permit = try await waitForPermit(origin, call)
                return Entry(permit: permit, dues: Dues(pass, claim))
            } catch {
                if let claim { rates?.giveBack(claim) }
                throw error
            }
        } catch {
            if let pass { _ = guards?.record(SendHealth(.failure(error)), of: pass, to: origin) }
            throw error
        }
    }

    /// The send is over, a streamed body apart: it keeps the permit until it ends.
    @inline(never)
    func leave(_ entry: Entry, _ outcome: Result<WireResponse, any Error>, _ call: CallState) {
        let health = SendHealth(outcome)
        let origin = entry.permit.origin
        if let pass = entry.dues?.pass, let state = guards?.record(health, of: pass, to: origin) {
            call.tell(.circuitChanged(to: state, at: time.now))
        }
        if let rates, let claim = entry.dues?.claim, case .success(let response) = outcome {
            rates.note(response.head, of: claim)
        }
        permits.note(origin, latency: health.latency, isOverload: health.isOverload)
        entry.permit.endUnlessHeld()
    }

    @inline(never)
    private func passGuards(_ origin: Origin, _ call: CallState) throws -> OriginGuards.Pass? {
        guard let guards else { return nil }
        do {
            return try guards.admit(origin)
        } catch {
            call.tell(.sendRejected(error == .throttled ? .throttled : .circuitOpen, at: time.now))
            throw error.asClientError(call, origin)
        }
    }

    private func waitForRate(_ origin: Origin, _ call: CallState) async throws -> RateClaim? {
        guard let rates else { return nil }
        let claim = rates.claim(origin, key: call.request.rateLimitKey, tokenCost: call.request.tokenCost)
        let asked = time.now
        do {
            if try await rates.acquire(claim, deadline: call.deadline) { recordRateWait(asked, call) }
            return claim
        } catch let refusal as RateLimiter.Refusal {
            if refusal == .deadline { recordRateWait(asked, call) }
            call.tell(.sendRejected(.rateLimited, at: time.now))
            throw refusal.asClientError(call)
        } catch {
            recordRateWait(asked, call)
            throw error
        }
    }

    @inline(never)
    private func recordRateWait(_ asked: MonotonicInstant, _ call: CallState) {
        let now = time.now
        call.recordRateLimitWait(now - asked, at: now)
    }

    @inline(__always)
    private func waitForPermit(
        _ origin: Origin, _ call: CallState, isolation: isolated (any Actor)? = #isolation
    ) async throws -> Permit {
        let asked = time.now
        do {
            if try await permits.acquire(
                origin, priority: call.request.priority, deadline: call.deadline, isolation: isolation)
            {
                recordPermitWait(asked, call)
            }
            return Permit(admission: permits, origin: origin)
        } catch {
            throw refused(error, asked, call)
        }
    }

    @inline(never)
    private func recordPermitWait(_ asked: MonotonicInstant, _ call: CallState) {
        let now = time.now
        call.recordPermitWait(now - asked, at: now)
    }

    /// A wait that ends badly is a wait as well.
    @inline(never)
    private func refused(_ error: any Error, _ asked: MonotonicInstant, _ call: CallState) -> any Error {
        guard let refusal = error as? Admission.Refusal else {
            recordPermitWait(asked, call)
            return error
        }
        if refusal != .full && refusal != .shutDown { recordPermitWait(asked, call) }
        return refusal.asClientError(call)
    }
}

extension Admission.Refusal {
    fileprivate func asClientError(_ call: CallState) -> ClientError {
        switch self {
        case .full:
            .refused(
                .queueFull, "Too many requests wait for a permit. Send fewer at once, or raise limits.maxQueued.", call)
        case .shed:
            .refused(.shed, "Too many requests wait for a permit: this one made room for a more urgent one.", call)
        case .queueTime:
            .refused(
                .queueTimeout, "The request waited for a permit as long as limits.maxQueueTime allows.", call)
        case .deadline:
            .refused(.deadlineExceeded, "The call's time ran out while it waited for a permit.", call)
        case .shutDown: .refusedByShutDown(call)
        }
    }
}

extension RateLimiter.Refusal {
    fileprivate func asClientError(_ call: CallState) -> ClientError {
        switch self {
        case .costTooHigh(let burst):
            .refused(
                .rateLimited,
                "The request costs \(call.request.tokenCost) tokens; a rate limit allows \(burst) at once. Raise its burst.",
                call)
        case .deadline:
            .refused(
                .rateLimited, "By the rate limits the request could not start before the call's deadline.", call)
        case .full:
            .refused(
                .queueFull, "Too many requests wait for their turn by the rate limits. Send fewer at once.", call)
        case .shutDown: .refusedByShutDown(call)
        }
    }
}

extension OriginGuards.Refusal {
    fileprivate func asClientError(_ call: CallState, _ origin: Origin) -> ClientError {
        switch self {
        case .circuitOpen:
            .refused(
                .circuitOpen, "Too many sends to \(origin) failed lately: nothing is sent there for a while.", call)
        case .throttled:
            .refused(.throttled, "\(origin) refuses much: this share of the sends is held back here.", call)
        }
    }
}

extension ClientError {
    fileprivate static func refused(_ code: Code, _ message: String, _ call: CallState) -> ClientError {
        ClientError(code, message, target: call.target, phase: .admission)
    }

    fileprivate static func refusedByShutDown(_ call: CallState) -> ClientError {
        refused(.shutDown, "The client was shut down.", call)
    }
}
