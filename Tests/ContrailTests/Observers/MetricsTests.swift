import Contrail
import ContrailBase
import ContrailTesting
import CoreMetrics
import MetricsTestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct MetricsTests {
    private let metrics = TestMetrics()
    private let server = [("server.address", "a.test"), ("server.port", "80")]

    private func client(
        _ transport: ScriptedTransport, _ change: (inout HTTPClient.Configuration) -> Void = { _ in }
    ) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.tracing.detail = .off
        configuration.metrics.factory = metrics
        configuration.retry.backOff = .sequence([.zero])
        configuration.random = SeededRandom(seed: 1)
        change(&configuration)
        return try HTTPClient(configuration: configuration, transport: transport)
    }

    private func dimensions(_ more: (String, String)..., method: String = "GET") -> [(String, String)] {
        [("http.request.method", method)] + server + more
    }

    // MARK: What the semantic conventions name

    @Test func everySendIsMeasuredWithItsOutcome() async throws {
        let client = try client(ScriptedTransport(.status(503), .status(200)))
        _ = try await client.get("http://a.test/x?secret=1")
        let failed = try metrics.expectTimer(
            "http.client.request.duration",
            dimensions(
                ("http.response.status_code", "503"), ("error.type", "503"), ("network.protocol.version", "1.1")))
        let good = try metrics.expectTimer(
            "http.client.request.duration",
            dimensions(("http.response.status_code", "200"), ("network.protocol.version", "1.1")))
        #expect(failed.values.count == 1 && good.values.count == 1)
        #expect(good.displayUnit == .seconds)
        #expect(metrics.timers(label: "http.client.request.duration").count == 2)
    }

    @Test func theDurationOfASendIsThatOfItsSpan() async throws {
        let time = ManualTime()
        let transport = ScriptedTransport(
            .custom { _ in
                time.advance(by: .milliseconds(1_250))
                return ScriptedTransport(time: time).response(200)
            }, time: time)
        let client = try client(transport) { $0.time = time }
        _ = try await client.get("http://a.test")
        #expect(metrics.timers(label: "http.client.request.duration").first?.values == [1_250_000_000])
        #expect(metrics.timers(label: "contrail.client.call.duration").first?.values == [1_250_000_000])
    }

    @Test func failuresHaveTheNameThatSpansGive() async throws {
        let client = try client(ScriptedTransport(.failure(.connect, wireSends: 0))) { $0.retry = .never }
        _ = try? await client.get("http://a.test")
        let timer = try metrics.expectTimer(
            "http.client.request.duration", dimensions(("error.type", "connect")))
        #expect(timer.values.count == 1)
    }

    @Test func activeRequestsGoUpAndDown() async throws {
        let client = try client(ScriptedTransport(.status(200)))
        for _ in 0..<3 { _ = try await client.get("http://a.test") }
        #expect(try metrics.expectMeter("http.client.active_requests", dimensions()).values == [1, 0, 1, 0, 1, 0])
    }

    @Test func aStreamIsActiveUntilItIsReadOrDropped() async throws {
        let client = try client(ScriptedTransport(.stream(200, ScriptedBody("one", "two"))))
        let response = try await client.stream(.get("http://a.test"))
        let meter = try metrics.expectMeter("http.client.active_requests", dimensions())
        #expect(meter.values == [1])
        _ = try await response.body.collect()
        #expect(meter.values == [1, 0])
    }

    @Test func unknownMethodsAreOne() async throws {
        let client = try client(ScriptedTransport(.status(200)))
        let method = try #require(HTTPRequest.Method("BREW"))
        _ = try await client.execute(.init(method, "http://a.test"))
        #expect(try metrics.expectMeter("http.client.active_requests", dimensions(method: "_OTHER")).values == [1, 0])
    }

    @Test func templatesAndBodySizesOnRequest() async throws {
        let client = try client(ScriptedTransport(.status(200, body: "12345"))) {
            $0.metrics.includesURLTemplate = true
            $0.metrics.includesBodySizes = true
        }
        var request = HTTPClient.Request.get("http://a.test/users/7")
        request.urlTemplate = "/users/{id}"
        _ = try await client.execute(request)
        let all = dimensions(
            ("http.response.status_code", "200"), ("network.protocol.version", "1.1"),
            ("url.template", "/users/{id}"))
        #expect(try metrics.expectTimer("http.client.request.duration", all).values.count == 1)
        #expect(try metrics.expectRecorder("http.client.response.body.size", all).values == [5])
        #expect(metrics.recorders(label: "http.client.request.body.size").isEmpty)
    }

    // MARK: What policies decided

    @Test func retriesAreCountedByClassAndSource() async throws {
        let client = try client(ScriptedTransport(.status(500), .status(429), .status(200)))
        _ = try await client.get("http://a.test")
        for name in ["transient", "throttled"] {
            let counter = try metrics.expectCounter(
                "contrail.client.retries",
                server + [("contrail.retry.class", name), ("contrail.retry.source", "backoff")])
            #expect(counter.totalValue == 1)
        }
        #expect(try metrics.expectTimer("contrail.client.retry.delay", server).values.count == 2)
    }

    @Test func behindARedirectTheServerIsTheNewOne() async throws {
        let redirect = ScriptedTransport.Step.status(302, headers: [.location: "http://b.test/"])
        let client = try client(ScriptedTransport(redirect, .status(500), .status(200)))
        _ = try await client.get("http://a.test")
        let retries = metrics.counters(label: "contrail.client.retries")
        #expect(retries.count == 1)
        #expect(retries.first?.dimensions.first { $0.0 == "server.address" }?.1 == "b.test")
    }

    @Test func anExhaustedBudgetIsCounted() async throws {
        let client = try client(ScriptedTransport(.status(500))) {
            var empty = RetryBudget()
            empty.ratio = 0
            empty.minPerSecond = 0
            $0.retryBudget = empty
        }
        _ = try await client.get("http://a.test")
        let counter = try metrics.expectCounter(
            "contrail.client.retry.refusals", server + [("contrail.retry.refusal", "budget_exhausted")])
        #expect(counter.totalValue == 1)
    }

    @Test func circuitsAndRejectionsAreCounted() async throws {
        let client = try client(ScriptedTransport(.status(500))) {
            $0.retry = .never
            $0.circuitBreaker = .standard
        }
        for _ in 0..<21 { _ = try? await client.get("http://a.test") }
        let changes = try metrics.expectCounter(
            "contrail.client.circuit.changes", server + [("contrail.circuit.state", "open")])
        #expect(changes.totalValue == 1)
        #expect(try metrics.expectMeter("contrail.client.circuit.state", server).values == [2])
        let rejections = try metrics.expectCounter(
            "contrail.client.rejections", server + [("contrail.rejection", "circuit_open")])
        #expect(rejections.totalValue == 1)
    }

    @Test func aFullQueueIsCountedAndSoIsTheWaitForAPermit() async throws {
        let time = ManualTime()
        let transport = ScriptedTransport(.silence, .status(200), time: time)
        let client = try client(transport) {
            $0.time = time
            $0.retry = .never
            $0.limits.maxPerOrigin = 1
            $0.limits.maxQueued = 1
        }
        let first = Task { try await client.get("http://a.test") }
        try await time.waitForSleepers(1)
        let second = Task { try await client.get("http://a.test") }
        try await time.waitForSleepers(2)
        await #expect(throws: ClientError.self) { try await client.get("http://a.test") }
        let rejections = try metrics.expectCounter(
            "contrail.client.rejections", server + [("contrail.rejection", "queue_full")])
        #expect(rejections.totalValue == 1)
        time.advance(by: .seconds(2))
        first.cancel()
        _ = try await second.value
        #expect(
            try metrics.expectTimer("contrail.client.permit.wait", server).values == [2_000_000_000])
    }

    @Test func theCallAsAWholeHasItsOutcome() async throws {
        let client = try client(ScriptedTransport(.status(500))) { $0.retry = .never }
        _ = try await client.get("http://a.test")
        let timer = try metrics.expectTimer(
            "contrail.client.call.duration",
            dimensions(
                ("http.response.status_code", "500"), ("error.type", "500"), ("contrail.outcome", "response")))
        #expect(timer.values.count == 1)
    }

    /// What a retry has made good is no error of the call.
    @Test func anErrorThatWasRetriedIsNotTheCalls() async throws {
        let client = try client(ScriptedTransport(.status(503), .status(200)))
        _ = try await client.get("http://a.test")
        let timer = try metrics.expectTimer(
            "contrail.client.call.duration",
            dimensions(("http.response.status_code", "200"), ("contrail.outcome", "response")))
        #expect(timer.values.count == 1)
    }

    // MARK: Backends

    @Test func theBackendOfTheTaskIsUsed() async throws {
        let client = try client(ScriptedTransport(.status(200))) { $0.metrics.factory = nil }
        try await withMetricsFactory(metrics) { _ = try await client.get("http://a.test") }
        #expect(metrics.timers(label: "http.client.request.duration").count == 1)
        _ = try await client.get("http://a.test")
        #expect(metrics.timers(label: "http.client.request.duration").first?.values.count == 1)
    }

    @Test func turnedOffNothingIsMeasured() async throws {
        let client = try client(ScriptedTransport(.status(200))) { $0.metrics.isEnabled = false }
        _ = try await client.get("http://a.test")
        #expect(metrics.timers(label: "http.client.request.duration").isEmpty)
        #expect(metrics.meters(label: "http.client.active_requests").isEmpty)
    }
}
