import ContrailBase

/// The steps of a call, from the outermost to the send. Each function that waits leaves what it needs on the way to others:
/// see ``CallPipeline``.
extension CallPipeline {
    func run(_ request: WireRequest, _ call: CallState) async throws -> WireResponse {
        guard !settings.callMiddleware.isEmpty else { return try await sendWithRedirects(request, call) }
        return try await runThroughMiddleware(request, call)
    }

    @inline(never)
    private func runThroughMiddleware(
        _ request: WireRequest, _ call: CallState
    ) async throws -> WireResponse {
        try await Self.chain(settings.callMiddleware[...], request, call) { request in
            try await self.sendWithRedirects(request, call)
        }
    }

    /// Most calls are one send: what more would need is not in the frame that is kept while this one waits for its permit.
    private func sendWithRedirects(_ request: WireRequest, _ call: CallState) async throws -> WireResponse {
        guard !hedging.concerns(request, call) else { return try await goOn(after: nil, of: request, call) }
        let outcome = await attempt(request, call)
        if let response = final(outcome, of: request, call) { return response }
        return try await goOn(after: consume outcome, of: request, call)
    }

    /// The response, if there is no need to think about it.
    @inline(never)
    private func final(
        _ outcome: Result<WireResponse, any Error>, of request: WireRequest, _ call: CallState
    ) -> WireResponse? {
        guard case .success(let response) = outcome, !RedirectRules.isRedirect(response.statusCode),
            OutcomeClass.of(status: response.statusCode) == .success
        else { return nil }
        budgets.noteSuccess(request.origin, at: settings.time.now)
        call.arrived(at: request)
        return response
    }

    /// - Parameter first: what came of the first send, not kept longer than needed; `nil`: it is to be made, by hedging.
    @inline(never)
    private func goOn(
        after first: consuming Result<WireResponse, any Error>?, of request: WireRequest, _ call: CallState
    ) async throws -> WireResponse {
        // One of each for all hops: a redirect is no new call.
        var sessions = Sessions()
        var request = request
        while true {
            let response = try await sendWithRetries(request, call, first.take(), &sessions.retry)
            guard let next = try next(after: response, to: request, call, &sessions.redirect) else { return response }
            request = next
        }
    }

    /// Made when first needed, which is seldom, and kept outside the frames.
    private struct Sessions {
        var redirect: Shared<RedirectStep>?
        var retry: Shared<Retries>?
    }

    private struct Retries {
        var session: RetrySession
        /// What came of the last send that was made, as long as it can be handed to the caller.
        var last: Result<WireResponse, any Error>?
    }

    @inline(never)
    private func next(
        after response: WireResponse, to request: WireRequest, _ call: CallState, _ session: inout Shared<RedirectStep>?
    ) throws -> WireRequest? {
        guard RedirectRules.isRedirect(response.statusCode) else {
            call.arrived(at: request)
            return nil
        }
        var step =
            session?.value
            ?? RedirectStep(
                policy: call.request.redirects ?? settings.redirects, secretHeaders: settings.secretHeaders,
                time: settings.time)
        defer { session = Shared(step) }
        return try step.next(after: response, to: request, call)
    }

    private func sendWithRetries(
        _ request: WireRequest, _ call: CallState, _ first: consuming Result<WireResponse, any Error>?,
        _ retries: inout Shared<Retries>?
    ) async throws -> WireResponse {
        retries?.value.last = nil
        while true {
            let step: NextStep
            if let outcome = first.take() {
                step = next(after: outcome, of: request, call, &retries)
            } else if hedging.concerns(request, call) {
                step = await sendHedged(request, call, &retries)
            } else {
                step = next(after: await attempt(request, call), of: request, call, &retries)
            }
            switch step {
            case .finish(let result): return try result.get()
            case .retry(let delay, let now): try await backOff(delay, from: now, call)
            }
        }
    }

    @inline(never)
    private func sendHedged(
        _ request: WireRequest, _ call: CallState, _ retries: inout Shared<Retries>?
    ) async -> NextStep {
        let (outcome, extraSends) = await hedging.run(request, call) { await self.attempt(request, call) }
        return next(after: outcome, extraSends: extraSends, of: request, call, &retries)
    }

    private enum NextStep {
        case finish(Result<WireResponse, any Error>)
        case retry(after: Duration, from: MonotonicInstant)
    }

    @inline(never)
    private func next(
        after outcome: Result<WireResponse, any Error>, extraSends: Int = 0, of request: WireRequest, _ call: CallState,
        _ retries: inout Shared<Retries>?
    ) -> NextStep {
        if case .success(let response) = outcome, OutcomeClass.of(status: response.statusCode) == .success {
            budgets.noteSuccess(request.origin, at: settings.time.now)
            // What becomes of nearly every send leaves nothing to remember.
            if extraSends == 0 { return .finish(outcome) }
        }
        var state =
            retries?.value
            ?? Retries(session: RetrySession(policy: call.request.retry ?? settings.retry, deadline: call.deadline))
        state.session.noteFurtherSends(extraSends)
        defer { retries = Shared(state) }
        return next(after: outcome, of: request, call, &state)
    }

    private func next(
        after outcome: Result<WireResponse, any Error>, of request: WireRequest, _ call: CallState,
        _ retries: inout Retries
    ) -> NextStep {
        let reading = OutcomeReading(outcome, wallNanoseconds: settings.time.wallNanoseconds)
        let now = settings.time.now
        if reading.isRefusedAdmission, let last = retries.last {
            call.tell(.retryRefused(.notAdmitted, at: now))
            return .finish(last)
        }
        retries.session.begin(isIdempotent: Idempotency.of(request, asTold: call.request.isIdempotent))
        switch decide(&retries.session, reading.outcome, request, now) {
        case .finish: return .finish(outcome)
        case .refuse(let refusal):
            call.tell(.retryRefused(refusal, at: now))
            return .finish(outcome)
        case .retry(let delay, let source):
            call.tell(
                .retryScheduled(
                    delay: delay, reason: reading.reason, class: reading.outcome.outcomeClass, source: source,
                    at: now))
            reading.discardBody()
            retries.last = reading.outlastsDiscarding ? outcome : nil
            return .retry(after: delay, from: now)
        }
    }

    /// What the session decides, if the origin's budget has something left for it.
    private func decide(
        _ session: inout RetrySession, _ outcome: RetryOutcome, _ request: WireRequest, _ now: MonotonicInstant
    ) -> RetrySession.Decision {
        guard outcome.outcomeClass != .success else { return .finish }
        let chance = RetrySession.Chance(backOff: settings.random.unit(), spread: settings.random.unit())
        let canSendBody = request.body?.canBeSent ?? true
        let decision = session.decide(after: outcome, canSendBody: canSendBody, at: now, chance: chance)
        guard case .retry(_, let source) = decision, source != .transparent else { return decision }
        return budgets.withdraw(request.origin, at: now) ? decision : .refuse(.budgetExhausted)
    }

    @inline(never)
    private func backOff(_ delay: Duration, from now: MonotonicInstant, _ call: CallState) async throws {
        guard delay > .zero else { return try Task.checkCancellation() }
        defer { call.recordBackOff(settings.time.now - now) }
        do {
            try await sleeps.sleep(until: now + delay)
        } catch is Sleeps.Closed {
            throw Self.shutDown(call)
        }
    }

    @inline(never)
    private static func shutDown(_ call: CallState) -> ClientError {
        ClientError(
            .shutDown, "The client was shut down while the call waited to be sent again.", target: call.target,
            phase: .backOff)
    }

    private func attempt(
        _ request: WireRequest, _ call: CallState
    ) async -> Result<WireResponse, any Error> {
        let entry: AdmissionStep.Entry
        do {
            let origin = request.origin
            if let free = admission.enterAtOnce(origin) {
                entry = free
            } else {
                entry = try await admission.enter(origin, call)
            }
        } catch {
            return .failure(error)
        }
        let outcome: Result<WireResponse, any Error>
        do {
            outcome = .success(try await send(request, call, entry.permit))
        } catch {
            outcome = .failure(error)
        }
        admission.leave(entry, outcome, call)
        return outcome
    }

    private func send(
        _ request: WireRequest, _ call: CallState, _ permit: Permit
    ) async throws -> WireResponse {
        guard !settings.sendMiddleware.isEmpty else { return try await sender.send(request, call, permit) }
        return try await sendThroughMiddleware(request, call, permit)
    }

    @inline(never)
    private func sendThroughMiddleware(
        _ request: WireRequest, _ call: CallState, _ permit: Permit
    ) async throws -> WireResponse {
        try await Self.chain(settings.sendMiddleware[...], request, call) { request in
            try await self.sender.send(request, call, permit)
        }
    }

    /// Users' steps around `operation`, outermost first. Run under the call's context: they may make spans of their own.
    private static func chain(
        _ steps: ArraySlice<any HTTPMiddleware>, _ request: WireRequest, _ call: CallState,
        _ operation: @escaping HTTPMiddleware.Next
    ) async throws -> WireResponse {
        var next = operation
        for step in steps.reversed() {
            let inner = next
            next = { request in try await step.handle(request, next: inner) }
        }
        let composed = next
        return try await inContext(of: call.observations[...]) { try await composed(request) }
    }

    private static func inContext(
        of observations: ArraySlice<any CallObservation>,
        _ operation: @escaping @Sendable () async throws -> WireResponse
    ) async throws -> WireResponse {
        guard let first = observations.first else { return try await operation() }
        return try await first.withContext { try await inContext(of: observations.dropFirst(), operation) }
    }
}
