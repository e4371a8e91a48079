import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite(.timeLimit(.minutes(1))) struct CallPipelineTests {
    private let time = ManualTime()

    private func pipeline(
        _ transport: any Transport, _ change: (inout PipelineSettings) -> Void = { _ in }
    ) -> CallPipeline {
        .scripted(transport, time, change)
    }

    /// Runs `operation` while time moves on whenever something sleeps on it.
    private func withTimePassing<Result: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let mover = Task { [time] in
            while true {
                try await time.waitForSleepers(1)
                time.advance(by: .milliseconds(5))
            }
        }
        defer { mover.cancel() }
        return try await operation()
    }

    private func code(of operation: () async throws -> some Sendable) async -> ClientError.Code? {
        await clientError(of: operation)?.code
    }

    // MARK: Where the time went

    @Test func anErrorSaysWhereTheLastSendWas() async throws {
        let time = time
        func step(_ kind: TransportError.Kind, at seconds: Int) -> ScriptedTransport.Step {
            .custom { _ in
                var summary = SendSummary(submitted: time.now)
                summary.requestStarted = time.now
                summary.ended = time.now + .seconds(seconds)
                throw TransportError(kind, "scripted", summary: summary)
            }
        }
        func failure(_ step: ScriptedTransport.Step) async -> ClientError? {
            let pipeline = pipeline(ScriptedTransport(step)) { $0.retry.maxAttempts = 1 }
            return await #expect(throws: ClientError.self) { try await pipeline.execute(.get("http://a.test")) }
        }
        let ofTheSend = await failure(step(.headTimeout, at: 1))
        #expect(ofTheSend?.code == .transport(.headTimeout) && ofTheSend?.sendPhase == .wait)
        let ofTheCall = await failure(step(.timeout, at: 61))
        #expect(ofTheCall?.code == .deadlineExceeded && ofTheCall?.sendPhase == .wait)
        #expect(ofTheCall?.message.contains("phase wait") == true)
    }

    // MARK: Requests

    @Test func badURLFailsThatCallAndSendsNothing() async {
        let transport = ScriptedTransport()
        let pipeline = pipeline(transport)
        #expect(await code { try await pipeline.execute(.get("no url")) } == .invalidURL)
        #expect(transport.requests.isEmpty)
    }

    @Test func badURLIsNamedInTheErrorWithoutItsSecrets() async {
        let pipeline = pipeline(ScriptedTransport())
        await #expect {
            _ = try await pipeline.execute(.get("http//me:hunter2@example.com/a?token=hunter2"))
        } throws: { error in
            (error as? ClientError)?.target == "GET REDACTED@example.com/a…"
        }
    }

    @Test func requestHeadersWinOverDefaults() async throws {
        let transport = ScriptedTransport()
        let pipeline = pipeline(transport) { $0.defaultHeaders = [.userAgent: "default", .accept: "a/b"] }
        _ = try await pipeline.execute(.get("http://a.test", headers: [.userAgent: "mine"]))
        let sent = try #require(transport.requests.first)
        #expect(sent.headers[values: .userAgent] == ["mine"])
        #expect(sent.headers[.accept] == "a/b")
    }

    @Test func bodyBringsItsContentTypeUnlessTheRequestHasOne() async throws {
        let transport = ScriptedTransport()
        let pipeline = pipeline(transport)
        _ = try await pipeline.execute(.post("http://a.test", json: ["a": 1]))
        _ = try await pipeline.execute(
            .post("http://a.test", headers: [.contentType: "x/y"], body: .text("hi")))
        #expect(transport.requests.map { $0.headers[.contentType] } == ["application/json", "x/y"])
        #expect(transport.requests[0].body?.bytes.map { String($0) } == "{\"a\":1}")
    }

    // MARK: Retries

    /// The first send takes the body and fails; the second would have nothing to send.
    @Test func aOneShotBodyIsSentOnce() async throws {
        let transport = ScriptedTransport(
            .custom { request in
                _ = try await request.body?.collect(upTo: 100)
                throw TransportError(
                    .staleConnection, "", summary: SendSummary(submitted: request.deadline ?? .distant))
            }, .status(200))
        let pipeline = pipeline(transport)
        let error = await #expect(throws: ClientError.self) {
            try await pipeline.execute(.put("http://a.test", body: .stream(Chunks(texts: ["a"]))))
        }
        #expect(error?.code == .transport(.staleConnection))
        #expect(transport.requests.count == 1)
    }

    @Test func aOneShotBodyThatNobodyTookIsSentAgain() async throws {
        let transport = ScriptedTransport(
            .failure(.connect, wireSends: 0),
            .custom { request in
                let body = try await request.body?.collect(upTo: 100)
                #expect(body.map { String($0) } == "a")
                throw TransportError(.certificate, "", summary: SendSummary(submitted: .distant))
            }, time: time)
        let pipeline = pipeline(transport)
        await #expect(throws: ClientError.self) {
            try await withTimePassing {
                try await pipeline.execute(.post("http://a.test", body: .stream(Chunks(texts: ["a"]))))
            }
        }
        #expect(transport.requests.count == 2)
    }

    @Test func serverErrorIsRepeatedUntilItIsGone() async throws {
        let transport = ScriptedTransport(.status(503), .status(500), .status(200, body: "ok"), time: time)
        let pipeline = pipeline(transport)
        let response = try await withTimePassing { try await pipeline.execute(.get("http://a.test")) }
        #expect(response.text == "ok")
        #expect(response.attempts.map(\.statusCode) == [503, 500, 200])
        #expect(response.attempts.map(\.ordinal) == [0, 1, 2])
    }

    @Test func theLastResponseIsReturnedWhenAttemptsAreUsed() async throws {
        let transport = ScriptedTransport(
            .status(503, body: "1"), .status(503, body: "2"), .status(503, body: "3"), time: time)
        let pipeline = pipeline(transport)
        let response = try await withTimePassing { try await pipeline.execute(.get("http://a.test")) }
        #expect(response.status.code == 503)
        #expect(response.text == "3")
        #expect(transport.requests.count == 3)
    }

    @Test(arguments: [503, 500, 429])
    func postIsNotRepeatedOnAStatus(status: Int) async throws {
        let transport = ScriptedTransport(.status(status), .status(200))
        let response = try await pipeline(transport).execute(.post("http://a.test"))
        #expect(response.status.code == status)
        #expect(transport.requests.count == 1)
    }

    @Test func postThatMayHaveBeenSeenIsNotRepeated() async {
        let transport = ScriptedTransport(.failure(.staleConnection), .status(200))
        let pipeline = pipeline(transport)
        #expect(await code { try await pipeline.execute(.post("http://a.test")) } == .transport(.staleConnection))
        #expect(transport.requests.count == 1)
    }

    @Test func postThatWasNotSentIsRepeated() async throws {
        let transport = ScriptedTransport(.failure(.connect, wireSends: 0), .status(201), time: time)
        let pipeline = pipeline(transport)
        let response = try await withTimePassing { try await pipeline.execute(.post("http://a.test")) }
        #expect(response.status.code == 201)
    }

    @Test func idempotencyKeyAllowsAPostToBeRepeated() async throws {
        let transport = ScriptedTransport(.failure(.connectionReset), .status(201), time: time)
        let pipeline = pipeline(transport)
        let key = try #require(HTTPField.Name("Idempotency-Key"))
        let response = try await withTimePassing {
            try await pipeline.execute(.post("http://a.test", headers: [key: "1"]))
        }
        #expect(response.status.code == 201)
    }

    @Test func truncatedBodyIsRepeated() async throws {
        let transport = ScriptedTransport(.failure(.truncatedBody), .status(200, body: "whole"), time: time)
        let pipeline = pipeline(transport)
        let response = try await withTimePassing { try await pipeline.execute(.get("http://a.test")) }
        #expect(response.text == "whole")
    }

    @Test func errorCarriesTheHistory() async throws {
        let transport = ScriptedTransport(.failure(.connectionReset), time: time)
        let pipeline = pipeline(transport)
        do {
            _ = try await withTimePassing { try await pipeline.execute(.get("http://a.test/x?secret=1")) }
            Issue.record("expected an error")
        } catch let error as ClientError {
            #expect(error.code == .transport(.connectionReset))
            #expect(error.attempts.count == 3)
            #expect(error.target == "GET http://a.test/x")
            #expect(!"\(error)".contains("secret"))
        }
    }

    // MARK: Deadlines and cancellation

    @Test func attemptTimeoutIsRepeatedWithinTheTotal() async throws {
        let transport = ScriptedTransport(.silence, .status(200), time: time)
        let pipeline = pipeline(transport) { $0.attemptTimeout = .milliseconds(50) }
        let response = try await withTimePassing { try await pipeline.execute(.get("http://a.test")) }
        #expect(response.attempts.map(\.failure) == [.transport(.timeout), nil])
    }

    @Test func totalTimeoutEndsTheCall() async {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) { $0.timeout = .milliseconds(50) }
        let code = await code { try await self.withTimePassing { try await pipeline.execute(.get("http://a.test")) } }
        #expect(code == .deadlineExceeded)
        #expect(transport.requests.count == 1)
    }

    @Test func waitingForAPermitCountsToTheTotal() async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.maxPerOrigin = 1
            $0.attemptTimeout = nil
        }
        let holder = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        var short = HTTPCall.Request.get("http://a.test")
        short.timeout = .milliseconds(20)
        let request = short
        let waiter = Task { try await pipeline.execute(request) }
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(20))
        let error = await #expect(throws: ClientError.self) { try await waiter.value }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.phase == .admission)
        holder.cancel()
        await #expect(throws: CancellationError.self) { try await holder.value }
    }

    @Test func cancellingWhileBackingOffEndsTheCall() async throws {
        let transport = ScriptedTransport(.status(503), time: time)
        let pipeline = pipeline(transport)
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(transport.requests.count == 1)
    }

    @Test func permitsComeBackWhateverHappens() async throws {
        let steps: [ScriptedTransport.Step] = [.status(200), .failure(.connectionReset), .status(503)]
        for step in steps {
            let transport = ScriptedTransport(step, time: time)
            let pipeline = pipeline(transport) {
                $0.limits.maxTotal = 1
                $0.retry = .never
            }
            for _ in 0..<3 { _ = try? await pipeline.execute(.get("http://a.test")) }
            #expect(transport.requests.count == 3)
        }
    }

    @Test func nothingIsAdmittedAfterShutDown() async {
        let transport = ScriptedTransport()
        let pipeline = pipeline(transport)
        pipeline.shutDown()
        #expect(await code { try await pipeline.execute(.get("http://a.test")) } == .shutDown)
        #expect(transport.requests.isEmpty)
    }

    @Test func shutDownEndsABackOff() async throws {
        let transport = ScriptedTransport(.status(503), time: time)
        let pipeline = pipeline(transport)
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        pipeline.shutDown()
        let error = await #expect(throws: ClientError.self) { try await call.value }
        #expect(error?.code == .shutDown)
        #expect(error?.phase == .backOff)
    }

    @Test(arguments: [Duration.zero, .seconds(-5)])
    func aTimeThatIsNoneIsRefused(duration: Duration) async {
        var request = HTTPCall.Request.get("http://a.test")
        request.attemptTimeout = duration
        let pipeline = pipeline(ScriptedTransport())
        let sent = request
        #expect(await code { try await pipeline.execute(sent) } == .invalidRequest)
    }

    /// However many come and go, one task waits for their deadlines.
    @Test func oneTimerServesAllWhoWait() async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.maxPerOrigin = 1
            $0.attemptTimeout = nil
            $0.timeout = .seconds(3600)
        }
        let holder = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        let patient = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        for _ in 0..<20 {
            var request = HTTPCall.Request.get("http://a.test")
            request.timeout = .milliseconds(20)
            let short = request
            let waiter = Task { try await pipeline.execute(short) }
            try await time.waitForSleepers(2)
            while !waiter.isCancelled, time.sleeperCount > 0 {
                time.advance(by: .milliseconds(20))
                if await waiter.isOver(in: 50) { break }
            }
            await #expect(throws: ClientError.self) { try await waiter.value }
        }
        // The holder's send, and the timer of the one who still waits.
        #expect(time.sleeperCount <= 3)
        holder.cancel()
        patient.cancel()
    }

    // MARK: Middleware

    /// The guard looks at what goes out, not at what was asked for.
    @Test func aPostMadeByAMiddlewareIsNotRepeated() async throws {
        struct Posting: HTTPMiddleware {
            func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
                var request = request
                request.method = .post
                return try await next(request)
            }
        }
        let transport = ScriptedTransport(.status(503), time: time)
        let pipeline = pipeline(transport) { $0.callMiddleware = [Posting()] }
        _ = try await withTimePassing { try await pipeline.execute(.get("http://a.test")) }
        #expect(transport.requests.count == 1)
    }

    @Test func aMiddlewaresShorterDeadlineIsKept() async throws {
        struct Hurrying: HTTPMiddleware {
            let deadline: MonotonicInstant
            func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
                var request = request
                request.deadline = deadline
                return try await next(request)
            }
        }
        let transport = ScriptedTransport(time: time)
        let deadline = time.now + .milliseconds(100)
        let pipeline = pipeline(transport) { $0.sendMiddleware = [Hurrying(deadline: deadline)] }
        _ = try await pipeline.execute(.get("http://a.test"))
        #expect(transport.requests[0].deadline == deadline)
    }

    @Test func secretDefaultHeadersStayWithTheBaseURL() async throws {
        let transport = ScriptedTransport()
        let base = try RequestURL("http://api.test/v1")
        let pipeline = pipeline(transport) {
            $0.baseURL = base
            $0.defaultHeaders = [.authorization: "Bearer x", .accept: "a/b"]
        }
        _ = try await pipeline.execute(.get("users"))
        _ = try await pipeline.execute(.get("http://other.test/"))
        #expect(transport.requests.map { $0.headers[.authorization] } == ["Bearer x", nil])
        #expect(transport.requests.map { $0.headers[.accept] } == ["a/b", "a/b"])
    }

    @Test func callMiddlewareRunsOnceAndSendMiddlewarePerSend() async throws {
        let transport = ScriptedTransport(.status(500), .status(200), time: time)
        let perCall = Counting()
        let perSend = Counting()
        let pipeline = pipeline(transport) {
            $0.callMiddleware = [perCall]
            $0.sendMiddleware = [perSend]
        }
        _ = try await withTimePassing { try await pipeline.execute(.get("http://a.test")) }
        #expect(perCall.count == 1)
        #expect(perSend.count == 2)
    }

    @Test func outermostMiddlewareComesFirst() async throws {
        let transport = ScriptedTransport()
        let pipeline = pipeline(transport) { $0.sendMiddleware = [Appending("1"), Appending("2")] }
        _ = try await pipeline.execute(.get("http://a.test"))
        #expect(transport.requests[0].headers[values: .via] == ["1", "2"])
    }

    @Test func middlewareErrorPassesAsItIs() async {
        struct Refusal: Error {}
        struct Refusing: HTTPMiddleware {
            func handle(_ request: WireRequest, next: Next) async throws -> WireResponse { throw Refusal() }
        }
        let pipeline = pipeline(ScriptedTransport()) { $0.sendMiddleware = [Refusing()] }
        await #expect(throws: Refusal.self) { try await pipeline.execute(.get("http://a.test")) }
    }

    // MARK: Time accounted for

    /// A wait that ends badly is a wait as well.
    @Test func waitsThatEndBadlyAreRecorded() async throws {
        let recorder = RecordingObserver()
        let transport = ScriptedTransport(.status(503), time: time)
        let pipeline = pipeline(transport) { $0.observers = [recorder] }
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        time.advance(by: .milliseconds(1))
        call.cancel()
        _ = await call.result
        #expect(try #require(recorder.calls.first).end.backOffWait == .milliseconds(1))
    }

    /// Waits and sends add up to the whole call: success, retry and cancellation (design, rule 5).
    @Test func waitsAndSendsAddUpToTheWhole() async throws {
        let recorder = RecordingObserver()
        let transport = ScriptedTransport(.status(503), .status(200), time: time)
        let pipeline = pipeline(transport) { $0.observers = [recorder] }
        _ = try await withTimePassing { try await pipeline.execute(.get("http://a.test")) }
        let call = try #require(recorder.calls.first)
        #expect(call.end.end - call.start.start == call.end.permitWait + call.end.backOffWait + call.sendTime)
        #expect(call.end.backOffWait > .zero)
        #expect(call.end.sendCount == 2)
    }
}

extension Task where Success: Sendable {
    /// True if the task has ended after it was given `turns` chances to.
    fileprivate func isOver(in turns: Int) async -> Bool {
        let isOver = Locked(false)
        let watch = Task<Void, Never> {
            _ = await result
            isOver.withLock { $0 = true }
        }
        for _ in 0..<turns where !isOver.withLock({ $0 }) { await Task<Never, Never>.yield() }
        _ = watch
        return isOver.withLock { $0 }
    }
}

private final class Counting: HTTPMiddleware {
    private let calls = Locked(0)
    var count: Int { calls.withLock { $0 } }

    func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
        calls.withLock { $0 += 1 }
        return try await next(request)
    }
}

private struct Appending: HTTPMiddleware {
    let mark: String
    init(_ mark: String) { self.mark = mark }

    func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
        var request = request
        request.headers.append(HTTPField(name: .via, value: mark))
        return try await next(request)
    }
}

extension MonotonicInstant {
    fileprivate static var distant: MonotonicInstant { MonotonicInstant(nanoseconds: 0) }
}
