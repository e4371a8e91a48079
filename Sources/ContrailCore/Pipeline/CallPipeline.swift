import ContrailBase
import HTTPTypes

/// The way of a call: call → users' middleware → redirect → retry → admission → users' middleware → send.
///
/// The functions that wait leave what they need on the way to others that are not made part of them: it would lie in their
/// frames as long as the call lasts, and 100,000 calls may wait.
package final class CallPipeline: Sendable {
    let settings: PipelineSettings
    let sender: Sender
    let admission: AdmissionStep
    let sleeps: Sleeps
    let budgets: RetryBudgets
    let hedging: HedgeStep
    private let terms: Shared<WireRequest.Terms>

    package init(settings: PipelineSettings, transport: any Transport) {
        self.settings = settings
        sender = Sender(transport: transport, settings: settings)
        admission = AdmissionStep(settings: settings)
        sleeps = Sleeps(time: settings.time)
        budgets = RetryBudgets(settings.retryBudget)
        terms = Shared(
            WireRequest.Terms(
                connectTimeout: settings.connectTimeout, timeToHeadTimeout: settings.timeToHeadTimeout,
                idleReadTimeout: settings.idleReadTimeout, idleWriteTimeout: settings.idleWriteTimeout,
                decoding: settings.decoding))
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

    /// A call that was begun; to be finished, once.
    package struct Begun {
        fileprivate let wire: WireRequest
        fileprivate let call: CallState
    }

    /// A call with its body collected.
    @inline(__always)
    package func execute(_ request: HTTPCall.Request) async throws -> HTTPCall.Response {
        try await finish(beginCollecting(request))
    }

    /// Begun apart: whoever waits for the rest need not keep the request meanwhile, the call has it.
    @inline(never)
    package func beginCollecting(_ request: HTTPCall.Request) throws -> Begun {
        try begin(request, .buffered(maxBytes: request.maxResponseBytes ?? settings.maxResponseBytes))
    }

    package func finish(_ begun: Begun) async throws -> HTTPCall.Response {
        do {
            return try collected(try await run(begun.wire, begun.call), begun.call)
        } catch {
            throw fail(begun.call, error)
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
        let begun = try begin(request, .streaming)
        let (wire, call) = (begun.wire, begun.call)
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
    private func begin(_ request: HTTPCall.Request, _ mode: BodyMode) throws -> Begun {
        let url = try validURL(of: request)
        let now = settings.time.now
        let deadline = (request.timeout ?? settings.timeout).map { now + $0 }
        let observations = observe(request, url, now)
        let call = CallState(
            request: request, url: url, mode: mode, start: now, deadline: deadline, observations: observations)
        var wire = WireRequest(
            method: request.method, url: url, headers: headers(of: request, to: url.origin), body: request.body?.wire,
            terms: terms)
        if request.needsNewConnection { wire.needsNewConnection = true }
        if let decoding = request.decoding { wire.decoding = decoding }
        return Begun(wire: wire, call: call)
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
}
