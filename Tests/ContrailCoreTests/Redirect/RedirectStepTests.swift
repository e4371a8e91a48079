import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// Redirects inside the pipeline: each hop is a request of its own.
@Suite(.timeLimit(.minutes(1))) struct RedirectStepTests {
    private let time = ManualTime()

    private func pipeline(
        _ transport: any Transport, _ change: (inout PipelineSettings) -> Void = { _ in }
    ) -> CallPipeline {
        .scripted(transport, time) { settings in
            settings.retry.backOff.transientBase = .zero
            change(&settings)
        }
    }

    private func to(_ location: String, _ status: Int = 302) -> ScriptedTransport.Step {
        .status(status, headers: [.location: location], body: "moved")
    }

    private func failure(of operation: () async throws -> some Sendable) async -> ClientError? {
        await clientError(of: operation)
    }

    @Test func theResponseKnowsItsURLAndTheWayThere() async throws {
        let transport = ScriptedTransport(to("/2"), to("http://b.test/3", 307), .status(200, body: "there"), time: time)
        let response = try await pipeline(transport).execute(.get("http://a.test/1"))
        #expect(response.text == "there")
        #expect(response.url.text == "http://b.test/3")
        #expect(response.redirects.map(\.source.text) == ["http://a.test/1", "http://a.test/2"])
        #expect(response.redirects.map(\.target.text) == ["http://a.test/2", "http://b.test/3"])
        #expect(response.attempts.map(\.ordinal) == [0, 1, 2])
        #expect(response.attempts.map(\.statusCode) == [302, 307, 200])
    }

    @Test func everyHopIsASendWithAnOrdinalOfItsOwn() async throws {
        let recorder = RecordingObserver()
        let transport = ScriptedTransport(to("http://b.test/2"), .status(500), .status(200), time: time)
        var request = HTTPCall.Request.get("http://a.test/users/1")
        request.urlTemplate = "/users/{id}"
        _ = try await pipeline(transport) { $0.observers = [recorder] }.execute(request)
        let call = try #require(recorder.calls.first)
        #expect(call.sends.map(\.start.ordinal) == [0, 1, 2])
        #expect(call.sends.map(\.start.url.text) == ["http://a.test/users/1", "http://b.test/2", "http://b.test/2"])
        // The template describes the first URL only.
        #expect(call.sends.map(\.start.urlTemplate) == ["/users/{id}", nil, nil])
        #expect(call.end.redirectCount == 1)
        #expect(call.followed == ["http://b.test/2"])
    }

    /// Each hop had as many attempts as the whole call may have.
    @Test func theHopsOfACallShareItsAttempts() async throws {
        let transport = ScriptedTransport(
            .status(500), to("/2"), .status(500), .status(500), .status(200), time: time)
        let response = try await pipeline(transport).execute(.get("http://a.test/1"))
        #expect(response.attempts.map(\.statusCode) == [500, 302, 500, 500])
    }

    @Test func aRedirectTakesNoAttempt() async throws {
        let transport = ScriptedTransport(
            to("/2"), to("/3"), to("/4"), .status(500), .status(500), .status(200), time: time)
        #expect(try await pipeline(transport).execute(.get("http://a.test/1")).status.code == 200)
    }

    /// The free re-send is the call's, not the hop's; behind it a dead connection takes an attempt like any failure.
    @Test func theHopsOfACallShareItsFreeResend() async throws {
        let transport = ScriptedTransport(
            .failure(.staleConnection), to("/2"), .failure(.staleConnection), .failure(.staleConnection), .status(200),
            time: time)
        let pipeline = pipeline(transport) { $0.retry.maxAttempts = 2 }
        let error = await failure { try await pipeline.execute(.get("http://a.test/1")) }
        #expect(error?.code == .transport(.staleConnection))
        #expect(transport.requests.count == 4)
    }

    @Test func sendMiddlewareSeesEveryHop() async throws {
        struct Signing: HTTPMiddleware {
            func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
                var request = request
                if request.redirectCount == 0 { request.headers[.authorization] = "signed" }
                return try await next(request)
            }
        }
        let transport = ScriptedTransport(to("//b.test"), .status(200), time: time)
        _ = try await pipeline(transport) { $0.sendMiddleware = [Signing()] }.execute(.get("http://a.test"))
        #expect(transport.requests.map { $0.headers[.authorization] } == ["signed", nil])
    }

    @Test func defaultSecretsStayBehindToo() async throws {
        let secret = try #require(HTTPField.Name("X-Tenant-Key"))
        let transport = ScriptedTransport(to("//b.test"), .status(200), time: time)
        let pipeline = pipeline(transport) {
            $0.defaultHeaders = [.authorization: "x", secret: "y", .accept: "z"]
            $0.secretHeaders = ["x-tenant-key"]
        }
        _ = try await pipeline.execute(.get("http://a.test"))
        #expect(transport.requests.map { $0.headers.count } == [3, 1])
    }

    @Test func aLoopEndsWithTheLastResponse() async throws {
        let transport = ScriptedTransport(to("/"), time: time)
        let pipeline = pipeline(transport)
        let error = try #require(await failure { try await pipeline.execute(.get("http://a.test/")) })
        #expect(error.code == .tooManyRedirects)
        #expect(error.attempts.count == 21)
        #expect(error.response?.status.code == 302)
        #expect(error.response?.text == "moved")
        #expect(error.response?.redirects.count == 20)
    }

    @Test func aRefusalCarriesTheResponseAndIsTold() async throws {
        let recorder = RecordingObserver()
        let transport = ScriptedTransport(to("file:///etc/passwd"), time: time)
        let pipeline = pipeline(transport) { $0.observers = [recorder] }
        let error = try #require(await failure { try await pipeline.execute(.get("http://a.test/")) })
        #expect(error.code == .redirectRefused)
        #expect(error.response?.headers[.location] == "file:///etc/passwd")
        #expect(transport.requests.count == 1)
        let events = try #require(recorder.calls.first).events
        #expect(events.contains { if case .redirectRefused(.scheme, _) = $0 { true } else { false } })
    }

    @Test func theRequestsPolicyWinsOverTheClients() async throws {
        let transport = ScriptedTransport(to("/2"), time: time)
        var request = HTTPCall.Request.get("http://a.test/")
        request.redirects = .never
        let response = try await pipeline(transport).execute(request)
        #expect(response.status.code == 302)
        #expect(transport.requests.count == 1)
    }

    @Test func aPostIsNotRepeatedButItsRedirectIsFollowed() async throws {
        let transport = ScriptedTransport(to("/2", 303), .status(200, body: "done"), time: time)
        let response = try await pipeline(transport).execute(.post("http://a.test/", body: .text("pay")))
        #expect(response.text == "done")
        #expect(transport.requests.map(\.method) == [.post, .get])
        #expect(transport.requests[1].headers[.contentType] == nil)
    }

    /// A body that came from a sequence is gone; a redirect that needs it again is the caller's to follow.
    @Test func aRedirectThatNeedsABodyThatIsGoneIsRefused() async throws {
        let taking = { (status: Int) in
            ScriptedTransport.Step.custom { [time] request in
                if let body = request.body { try await body.write { _ in } }
                return ScriptedTransport(time: time).response(status, headers: [.location: "/2"])
            }
        }
        let chunks = AsyncStream<ByteChunk> { $0.finish() }
        let keeping = ScriptedTransport(taking(307), .status(200), time: time)
        let pipeline = pipeline(keeping)
        let error = await failure {
            try await pipeline.execute(.put("http://a.test/", body: .stream(chunks, length: nil)))
        }
        #expect(error?.code == .redirectRefused)
        #expect(error?.response?.status.code == 307)
        #expect(keeping.requests.count == 1)
        let dropping = ScriptedTransport(taking(303), .status(200), time: time)
        let other = AsyncStream<ByteChunk> { $0.finish() }
        let response = try await self.pipeline(dropping).execute(
            .put("http://a.test/", body: .stream(other, length: nil)))
        #expect(response.status.code == 200)
    }

    @Test func theTotalSpansTheHopsAndTheAttemptTimeoutStartsAnew() async throws {
        let start = time.now
        let transport = ScriptedTransport(
            .custom { [time] _ in
                time.advance(by: .milliseconds(30))
                return ScriptedTransport(time: time).response(302, headers: [.location: "/2"])
            }, time: time)
        let pipeline = pipeline(transport) {
            $0.timeout = .milliseconds(100)
            $0.attemptTimeout = .milliseconds(40)
        }
        let error = await failure { try await pipeline.execute(.get("http://a.test/")) }
        #expect(error?.code == .deadlineExceeded)
        #expect(
            transport.requests.map { $0.deadline.map { $0 - start } }
                == [.milliseconds(40), .milliseconds(70), .milliseconds(100), .milliseconds(100)])
    }

    @Test func permitsAreKeptPerHopsOrigin() async throws {
        let transport = ScriptedTransport(
            .custom { [time] request in
                guard request.url.origin.host == "a.test" else { return try await Self.silent(time) }
                return ScriptedTransport(time: time).response(302, headers: [.location: "http://b.test/"])
            }, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.maxPerOrigin = 1
            $0.attemptTimeout = nil
            $0.timeout = nil
        }
        let redirected = Task { try await pipeline.execute(.get("http://a.test/")) }
        try await time.waitForSleepers(1)
        // The first origin's only permit is back, the second's is taken.
        var refusing = HTTPCall.Request.get("http://a.test/")
        refusing.redirects = .never
        #expect(try await pipeline.execute(refusing).status.code == 302)
        var waiting = HTTPCall.Request.get("http://b.test/")
        waiting.timeout = .milliseconds(20)
        let request = waiting
        let waiter = Task { try await pipeline.execute(request) }
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(20))
        let error = await failure { try await waiter.value }
        #expect(error?.phase == .admission)
        redirected.cancel()
        _ = await redirected.result
    }

    /// A step that sends calls elsewhere takes the permits of where it sends them.
    @Test func permitsAreKeptPerOriginThatIsSentTo() async throws {
        struct Moving: HTTPMiddleware {
            let url: RequestURL
            func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
                var request = request
                if request.url.origin.host == "alias.test" { request.url = url }
                return try await next(request)
            }
        }
        let real = try RequestURL("http://real.test/")
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.callMiddleware = [Moving(url: real)]
            $0.limits.maxPerOrigin = 1
            $0.attemptTimeout = nil
            $0.timeout = nil
        }
        let holder = Task { try await pipeline.execute(.get("http://alias.test/")) }
        try await time.waitForSleepers(1)
        var direct = HTTPCall.Request.get("http://real.test/")
        direct.timeout = .milliseconds(20)
        let request = direct
        let waiter = Task { try await pipeline.execute(request) }
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(20))
        #expect(await failure { try await waiter.value }?.phase == .admission)
        holder.cancel()
        _ = await holder.result
    }

    @Test func theBodyOfAStreamedRedirectIsGivenUp() async throws {
        let moved = ScriptedBody("moved", then: .silence)
        let transport = ScriptedTransport(
            .stream(302, headers: [.location: "/2"], moved), .stream(200, ScriptedBody("there")), time: time)
        let recorder = RecordingObserver()
        let pipeline = pipeline(transport) {
            $0.limits.maxTotal = 1
            $0.observers = [recorder]
        }
        let response = try await pipeline.stream(.get("http://a.test/"))
        #expect(moved.isCancelled)
        #expect(response.url.text == "http://a.test/2")
        #expect(response.redirects.count == 1)
        #expect(try await String(response.body.collect(upTo: 100)) == "there")
        // The redirect was an answer, not something that the caller gave up.
        let sends = try #require(recorder.calls.first).sends
        #expect(sends.map(\.end.outcome.isResponse) == [true, true])
    }

    @Test func waitsAndSendsAddUpToTheWhole() async throws {
        let recorder = RecordingObserver()
        let slow = ScriptedTransport.Step.custom { [time] request in
            time.advance(by: .milliseconds(7))
            let status = request.redirectCount < 2 ? 302 : 200
            return ScriptedTransport(time: time).response(status, headers: [.location: "/next"])
        }
        _ = try await pipeline(ScriptedTransport(slow, time: time)) { $0.observers = [recorder] }
            .execute(.get("http://a.test/"))
        let call = try #require(recorder.calls.first)
        #expect(call.end.end - call.start.start == call.sendTime + call.end.permitWait + call.end.backOffWait)
        #expect(call.end.sendCount == 3)
    }

    private static func silent(_ time: ManualTime) async throws -> WireResponse {
        try await time.sleep(until: MonotonicInstant(nanoseconds: .max))
        return ScriptedTransport(time: time).response(200)
    }
}

extension SendOutcome {
    fileprivate var isResponse: Bool { if case .response = self { true } else { false } }
}

extension RecordingObserver.Call {
    fileprivate var followed: [String] {
        events.compactMap { if case .redirectFollowed(let redirect, _) = $0 { redirect.target.text } else { nil } }
    }
}
