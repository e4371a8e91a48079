import ContrailBase
import HTTPTypes

/// The way of a call: call → users' middleware → redirect → retry → admission → users' middleware → send.
///
/// The functions that wait leave what they need on the way to others that are not made part of them: it would lie in their
/// frames as long as the call lasts, and 100,000 calls may wait.
package final class CallPipeline: Sendable {
    let settings: PipelineSettings
    private let sender: Sender
    private let admission: AdmissionStep
    private let sleeps: Sleeps
    private let budgets: RetryBudgets
    private let hedging: HedgeStep

    package init(settings: PipelineSettings, transport: any Transport) {
        self.settings = settings
        sender = Sender(transport: transport, settings: settings)
        admission = AdmissionStep(settings: settings)
        sleeps = Sleeps(time: settings.time)
        budgets = RetryBudgets(settings.retryBudget)
        hedging = HedgeStep(settings: settings, retryBudgets: budgets, sleeps: sleeps)
    }

    /// Ends what waits, for a permit or to be sent again, and refuses what comes; what is on the wire is the transport's.
    package func shutDown() {
        admission.shutDown()
        sleeps.close()
    }

    /// Calls that wait for a permit.
    package var waitingCount: Int { admission.waitingCount }

    // MARK: Calls

    /// A call with its body collected.
    package func execute(_ request: HTTPCall.Request) async throws -> HTTPCall.Response {
        let (wire, call) = try begin(
            request, .buffered(maxBytes: request.maxResponseBytes ?? settings.maxResponseBytes))
        do {
            return try collected(try await run(wire, call), call)
        } catch {
            throw fail(call, error)
        }
    }

    @inline(never)
    private func collected(_ response: WireResponse, _ call: CallState) throws -> HTTPCall.Response {
        guard case .buffered(let body) = response.body else {
            throw ClientError(
                .invalidRequest, "A middleware answered a buffered call with a streamed body.", target: call.target)
        }
        call.request.progress?.change { $0.downloaded(inAll: Int64(body.count), of: Int64(body.count)) }
        call.end(.response(status: response.statusCode), at: settings.time.now)
        let history = call.snapshot
        return HTTPCall.Response(
            head: response.head, body: body, url: history.finalURL ?? call.url, method: call.request.method,
            attempts: history.attempts, redirects: history.redirects, trailers: response.trailers)
    }

    /// A call whose body is taken in chunks. The call ends when the body does.
    package func stream(_ request: HTTPCall.Request) async throws -> HTTPCall.StreamedResponse {
        let (wire, call) = try begin(request, .streaming)
        do {
            let response = try await run(wire, call)
            let history = call.snapshot
            return HTTPCall.StreamedResponse(
                head: response.head, body: streamedBody(response, call), url: history.finalURL ?? call.url,
                redirects: history.redirects, method: request.method, call: call)
        } catch {
            throw fail(call, error)
        }
    }

    /// As ``stream(_:)``, for the length of `operation`: then the body is given up, whoever still has it.
    package func withStream<Result>(
        _ request: HTTPCall.Request,
        _ operation: (ResponseHead, HTTPCall.BodyStream) async throws -> Result
    ) async throws -> Result {
        let response = try await stream(request)
        let scope = BodyScope()
        defer {
            scope.end()
            response.body.cancel()
        }
        return try await operation(response.head, response.body.within(scope))
    }

    @inline(never)
    private func streamedBody(_ response: WireResponse, _ call: CallState) -> HTTPCall.BodyStream {
        let time = settings.time
        let status = response.statusCode
        let progress = call.request.progress
        switch response.body {
        case .buffered(let chunk):
            progress?.change { $0.downloaded(inAll: Int64(chunk.count), of: Int64(chunk.count)) }
            call.end(.response(status: status), at: time.now)
            return HTTPCall.BodyStream(chunk) { Self.published($0, call) }
        case .stream(let stream):
            progress?.downloadBegins(response.head, method: call.request.method)
            let observed = ObservedBody(stream, progress: progress) { ending in
                switch ending {
                case .complete: call.end(.response(status: status), at: time.now)
                case .failed(let error): call.end(.failure(Self.published(error, call)), at: time.now)
                case .cancelled, .discarded: call.end(.cancelled, at: time.now)
                }
            }
            let limit = call.request.maxResponseBytes ?? settings.maxResponseBytes
            return HTTPCall.BodyStream(observed, maxCollectedBytes: limit) { Self.published($0, call) }
        }
    }

    // MARK: Beginning and end

    @inline(never)
    private func begin(_ request: HTTPCall.Request, _ mode: BodyMode) throws -> (WireRequest, CallState) {
        let url = try validURL(of: request)
        let now = settings.time.now
        let deadline = (request.timeout ?? settings.timeout).map { now + $0 }
        let observations = observe(request, url, now)
        let call = CallState(
            request: request, url: url, mode: mode, start: now, deadline: deadline, observations: observations)
        var wire = WireRequest(
            method: request.method, url: url, headers: headers(of: request, to: url.origin), body: request.body?.wire)
        wire.connectTimeout = settings.connectTimeout
        wire.needsNewConnection = request.needsNewConnection
        wire.decoding = request.decoding ?? settings.decoding
        wire.timeToHeadTimeout = settings.timeToHeadTimeout
        wire.idleReadTimeout = settings.idleReadTimeout
        wire.idleWriteTimeout = settings.idleWriteTimeout
        return (wire, call)
    }

    private func validURL(of request: HTTPCall.Request) throws -> RequestURL {
        do {
            let url = try url(of: request)
            try Self.validate(request, url)
            return url
        } catch {
            request.progress?.end()
            throw error
        }
    }

    /// Throws ``ClientError`` if there is none.
    func url(of request: HTTPCall.Request) throws -> RequestURL {
        do {
            return try RequestURL(request.url, base: settings.baseURL, query: request.query)
        } catch {
            throw ClientError(
                .invalidURL, "\(error)", cause: error,
                target: "\(request.method) \(Redaction.unreadableURL(request.url))")
        }
    }

    private static func validate(_ request: HTTPCall.Request, _ url: RequestURL) throws {
        try validate("timeout", request.timeout, request, url)
        try validate("attemptTimeout", request.attemptTimeout, request, url)
        if let limit = request.maxResponseBytes, limit < 0 {
            throw invalid("maxResponseBytes is \(limit); it must be at least 0.", request, url)
        }
    }

    private static func validate(
        _ name: StaticString, _ duration: Duration?, _ request: HTTPCall.Request, _ url: RequestURL
    ) throws {
        guard let duration, duration <= .zero else { return }
        throw invalid("\(name) is \(duration); it must be longer than zero.", request, url)
    }

    private static func invalid(_ problem: String, _ request: HTTPCall.Request, _ url: RequestURL) -> ClientError {
        ClientError(.invalidRequest, problem, target: "\(request.method.rawValue) \(url.withoutQuery)")
    }

    private func observe(_ request: HTTPCall.Request, _ url: RequestURL, _ now: MonotonicInstant)
        -> [any CallObservation]
    {
        guard !settings.observers.isEmpty else { return [] }
        let start = CallStart(
            method: request.method, url: url, urlTemplate: request.urlTemplate, start: now,
            wallNanoseconds: settings.time.wallNanoseconds)
        return settings.observers.compactMap { $0.callWillStart(start) }
    }

    private func headers(of request: HTTPCall.Request, to origin: Origin) -> HTTPFields {
        var headers = request.headers
        let isForeign = settings.baseURL.map { $0.origin != origin } ?? false
        for field in settings.defaultHeaders where !request.headers.contains(field.name) {
            // Credentials that were given for the base URL's origin are nobody else's.
            if isForeign, isSecret(field.name.canonicalName) { continue }
            headers.append(field)
        }
        if let contentType = request.body?.contentType, !headers.contains(.contentType) {
            headers.append(HTTPField(name: .contentType, value: contentType))
        }
        return headers
    }

    private func isSecret(_ name: String) -> Bool {
        Redaction.secretHeaders.contains(name) || settings.secretHeaders.contains(name)
    }

    /// Tells the observers, and makes the error that the caller gets.
    @inline(never)
    private func fail(_ call: CallState, _ error: any Error) -> any Error {
        let now = settings.time.now
        if error is CancellationError {
            call.end(.cancelled, at: now)
            return error
        }
        let published = Self.published(error, call)
        call.end(.failure(published), at: now)
        return published
    }

    private static func published(_ error: any Error, _ call: CallState) -> any Error {
        switch error {
        case let error as TransportError where error.isEnd(of: call):
            return Self.published(outOfTime(call, error), call)
        case let error as TransportError:
            var published = ClientError(
                .transport(error.kind), error.message, cause: error.cause ?? error, target: call.target, phase: .send)
            published.sendPhase = error.phase
            published.attempts = call.snapshot.attempts
            return published
        case var error as ClientError:
            if error.attempts.isEmpty { error.attempts = call.snapshot.attempts }
            if error.target == nil { error.target = call.target }
            return error
        default:
            return error
        }
    }

    /// `cause` is the send that was under way when the time ran out.
    static func outOfTime(_ call: CallState, _ cause: TransportError? = nil) -> ClientError {
        let place = cause.map { " The last send was in phase \($0.phase.rawValue)." } ?? ""
        var error = ClientError(
            .deadlineExceeded, "The call took longer than \(call.limit) allowed.\(place)", cause: cause,
            target: call.target, phase: .send)
        error.sendPhase = cause?.phase
        return error
    }

    // MARK: The steps

    private func run(_ request: WireRequest, _ call: CallState) async throws -> WireResponse {
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

    private func sendWithRedirects(
        _ request: WireRequest, _ call: CallState
    ) async throws -> WireResponse {
        // One of each for all hops: a redirect is no new call.
        var sessions = Sessions()
        var request = request
        while true {
            let response = try await sendWithRetries(request, call, &sessions.retry)
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
        _ request: WireRequest, _ call: CallState, _ retries: inout Shared<Retries>?
    ) async throws -> WireResponse {
        retries?.value.last = nil
        while true {
            let step =
                hedging.concerns(request, call)
                ? await sendHedged(request, call, &retries)
                : next(after: await attempt(request, call), of: request, call, &retries)
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
