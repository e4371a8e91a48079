import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// Breaker, throttle, rate limits, priorities, adaptive limits and hedges where they meet the pipeline.
@Suite(.timeLimit(.minutes(1))) struct AdmissionPipelineTests {
    private let time = ManualTime()
    private let recorder = RecordingObserver()

    private func pipeline(
        _ transport: any Transport, _ change: (inout PipelineSettings) -> Void
    ) -> CallPipeline {
        .scripted(transport, time) { settings in
            settings.retry = .never
            settings.observers = [recorder]
            change(&settings)
        }
    }

    private func code(_ pipeline: CallPipeline, _ request: HTTPCall.Request = .get("http://a.test")) async
        -> ClientError.Code?
    {
        await clientError { try await pipeline.execute(request) }?.code
    }

    // MARK: Circuit breaker and throttle

    @Test func anOriginThatFailsIsLeftAloneAndTriedAgain() async throws {
        let transport = ScriptedTransport(.status(500), time: time)
        let pipeline = pipeline(transport) { $0.circuitBreaker = .standard }
        for _ in 0..<20 { #expect(await code(pipeline) == nil) }
        #expect(await code(pipeline) == .circuitOpen)
        #expect(transport.requests.count == 20)
        #expect(await code(pipeline, .get("http://b.test")) == nil)
        time.advance(by: .seconds(7))
        #expect(await code(pipeline) == nil)
        let events = recorder.calls.flatMap(\.events)
        #expect(events.contains { if case .circuitChanged(to: .open, _) = $0 { true } else { false } })
        #expect(events.contains { if case .sendRejected(.circuitOpen, _) = $0 { true } else { false } })
    }

    @Test(arguments: [404, 429, 501]) func answersThatAreNoFailuresOpenNoCircuit(status: Int) async throws {
        let transport = ScriptedTransport(.status(status), time: time)
        let pipeline = pipeline(transport) { $0.circuitBreaker = .standard }
        for _ in 0..<50 { #expect(await code(pipeline) == nil) }
    }

    @Test func anOriginThatRefusesGetsLess() async throws {
        let transport = ScriptedTransport(.status(429), time: time)
        let pipeline = pipeline(transport) { $0.adaptiveThrottling = .standard }
        var rejected = 0
        for _ in 0..<400 where await code(pipeline) == .throttled { rejected += 1 }
        #expect((280...380).contains(rejected))
        #expect(transport.requests.count == 400 - rejected)
    }

    // MARK: Rate limits

    @Test func everySendTakesAToken() async throws {
        let transport = ScriptedTransport(.status(500), .status(200), time: time)
        let pipeline = pipeline(transport) {
            $0.rateLimits = RateLimits(RateLimit(1, per: .seconds(10)))
            $0.retry = .standard
            $0.retry.backOff = .sequence([.zero])
        }
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        #expect(transport.requests.count == 1)
        time.advance(by: .milliseconds(10_001))
        #expect(try await call.value.status.code == 200)
        let end = try #require(recorder.calls.first).end
        #expect(end.rateLimitWait == .milliseconds(10_001))
        #expect(end.permitWait == .zero)
    }

    @Test func whatCannotStartInTimeFailsAtOnce() async throws {
        let transport = ScriptedTransport(.status(200), time: time)
        let pipeline = pipeline(transport) { $0.rateLimits = RateLimits(RateLimit(1, per: .seconds(100))) }
        #expect(await code(pipeline) == nil)
        #expect(await code(pipeline) == .rateLimited)
        #expect(transport.requests.count == 1)
    }

    @Test func tokensOfAnAPIAreCountedByKey() async throws {
        let transport = ScriptedTransport(.status(200), time: time)
        let pipeline = pipeline(transport) {
            $0.rateLimits = RateLimits(RateLimit(1_000, .tokens, per: .seconds(600), scope: .key))
        }
        var request = HTTPCall.Request.post("http://a.test")
        request.tokenCost = 700
        request.rateLimitKey = "one"
        #expect(await code(pipeline, request) == nil)
        #expect(await code(pipeline, request) == .rateLimited)
        request.rateLimitKey = "two"
        #expect(await code(pipeline, request) == nil)
        request.tokenCost = 1_001
        #expect(await code(pipeline, request) == .rateLimited)
    }

    @Test func aUsedUpQuotaHoldsBackTheNextSend() async throws {
        let fields: HTTPFields = [
            try #require(HTTPField.Name("x-ratelimit-remaining")): "0",
            try #require(HTTPField.Name("x-ratelimit-reset")): "5",
        ]
        let transport = ScriptedTransport(.status(200, headers: fields), .status(200), time: time)
        let pipeline = pipeline(transport) { $0.rateLimits = RateLimits() }
        _ = try await pipeline.execute(.get("http://a.test"))
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        time.advance(by: .milliseconds(4_999))
        #expect(transport.requests.count == 1)
        time.advance(by: .seconds(1))
        _ = try await call.value
    }

    /// Cancelled after its tokens were taken and before it was sent: they are there for the next.
    @Test func aSendThatNeverStartsGivesItsTokenBack() async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.rateLimits = RateLimits(RateLimit(2, per: .seconds(1_000)))
            $0.limits.maxPerOrigin = 1
        }
        let first = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        let second = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        second.cancel()
        _ = await second.result
        let third = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        first.cancel()
        _ = await first.result
        for _ in 0..<10_000 where transport.requests.count < 2 { await Task.yield() }
        #expect(transport.requests.count == 2)
        third.cancel()
        _ = await third.result
    }

    // MARK: The permit queue

    @Test func aWaitThatIsTooLongEnds() async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.maxTotal = 1
            $0.limits.maxQueueTime = .seconds(2)
        }
        let first = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        let second = Task { await code(pipeline) }
        try await time.waitForSleepers(2)
        time.advance(by: .seconds(2))
        #expect(await second.value == .queueTimeout)
        first.cancel()
    }

    /// A waiter may run long after its time was over: then the call's own time may be over as well.
    @Test(arguments: [(2, 3, ClientError.Code.queueTimeout), (3, 2, .deadlineExceeded), (2, 2, .queueTimeout)])
    func theTimeThatWasOverFirstEndedTheWait(queue: Int, call: Int, expected: ClientError.Code) async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.maxTotal = 1
            $0.limits.maxQueueTime = .seconds(queue)
        }
        let first = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        var request = HTTPCall.Request.get("http://a.test")
        request.timeout = .seconds(call)
        let second = Task { [request] in await code(pipeline, request) }
        try await time.waitForSleepers(2)
        time.advance(by: .seconds(10))
        #expect(await second.value == expected)
        first.cancel()
    }

    @Test func aMoreUrgentRequestTakesThePlaceOfALessUrgentOne() async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.maxTotal = 1
            $0.limits.maxQueued = 1
        }
        let first = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        let second = Task { await code(pipeline) }
        try await time.waitForSleepers(2)
        var urgent = HTTPCall.Request.get("http://a.test")
        urgent.priority = .high
        let third = Task { [urgent] in await code(pipeline, urgent) }
        #expect(await second.value == .shed)
        first.cancel()
        third.cancel()
    }

    @Test func theAdaptiveLimitIsKept() async throws {
        let underWay = Locked((now: 0, most: 0))
        let transport = ScriptedTransport(
            .custom { [time] _ in
                underWay.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                try await time.sleep(until: time.now + .milliseconds(10))
                underWay.withLock { $0.now -= 1 }
                return ScriptedTransport(time: time).response(200)
            }, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.adaptive = .standard
            $0.limits.adaptive?.initial = 3
            $0.limits.adaptive?.max = 3
        }
        let mover = Task {
            while true {
                try await time.waitForSleepers(1)
                time.advance(by: .milliseconds(5))
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try? await pipeline.execute(.get("http://a.test")) } }
        }
        mover.cancel()
        #expect(underWay.withLock { $0.most } == 3)
    }

    // MARK: Hedging

    private func hedged(_ transport: any Transport, budget: Bool = true) -> CallPipeline {
        pipeline(transport) {
            $0.hedging = .after(.milliseconds(100))
            if !budget { $0.hedging?.budget.minPerSecond = 0 }
        }
    }

    private func hedgeEvents() -> [String] {
        recorder.calls.flatMap(\.events).compactMap { event in
            switch event {
            case .hedgeIssued: "issued"
            case .hedgeDecided(let hedgeWon, _): hedgeWon ? "won" : "lost"
            default: nil
            }
        }
    }

    @Test func aSlowSendGetsCompanyAndTheLoserIsGivenUp() async throws {
        let transport = ScriptedTransport(.silence, .status(200, body: "second"), time: time)
        let pipeline = hedged(transport)
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(100))
        #expect(try await call.value.text == "second")
        #expect(hedgeEvents() == ["issued", "won"])
        let sends = try #require(recorder.calls.first).sends
        #expect(sends.count == 2)
        #expect(sends.contains { if case .cancelled = $0.end.outcome { true } else { false } })
    }

    @Test func aQuickAnswerGetsNoHedge() async throws {
        let transport = ScriptedTransport(.status(200), time: time)
        _ = try await hedged(transport).execute(.get("http://a.test"))
        #expect(transport.requests.count == 1)
        #expect(hedgeEvents().isEmpty)
    }

    @Test func whatIsNotIdempotentIsNeverHedged() async throws {
        let transport = ScriptedTransport(.silence, .status(200), time: time)
        let pipeline = hedged(transport)
        let call = Task { try await pipeline.execute(.post("http://a.test")) }
        try await time.waitForSleepers(1)
        time.advance(by: .seconds(5))
        for _ in 0..<500 { await Task.yield() }
        call.cancel()
        _ = await call.result
        #expect(transport.requests.count == 1)
    }

    @Test func withoutBudgetThereIsNoHedge() async throws {
        let transport = ScriptedTransport(.silence, .status(200), time: time)
        let pipeline = hedged(transport, budget: false)
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(150))
        try await time.waitForSleepers(1)
        call.cancel()
        _ = await call.result
        #expect(transport.requests.count == 1)
    }

    /// A hedge that gets no permit is left out; the send under way is not touched, and its answer counts.
    @Test(arguments: [200, 503]) func aHedgeThatIsNotAdmittedHarmsNothing(status: Int) async throws {
        let transport = ScriptedTransport(
            .custom { [time] _ in
                try await time.sleep(until: time.now + .seconds(1))
                return ScriptedTransport(time: time).response(status)
            }, time: time)
        let pipeline = pipeline(transport) {
            $0.hedging = .after(.milliseconds(100))
            $0.limits.maxTotal = 1
            $0.limits.maxQueued = 0
        }
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(100))
        for _ in 0..<100 { await Task.yield() }
        time.advance(by: .seconds(1))
        #expect(try await call.value.status.code == status)
        #expect(transport.requests.count == 1)
    }

    /// The hedge fails first, the first send brings something worse than nothing: what was answered is handed up.
    @Test func anAnswerIsHandedUpRatherThanARefusal() async throws {
        let transport = ScriptedTransport(
            .custom { [time] _ in
                try await time.sleep(until: time.now + .milliseconds(200))
                return ScriptedTransport(time: time).response(500)
            }, time: time)
        let pipeline = pipeline(transport) {
            $0.hedging = .after(.milliseconds(100))
            $0.limits.maxTotal = 1
            $0.limits.maxQueueTime = .milliseconds(50)
        }
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(100))
        try await time.waitForSleepers(2)
        time.advance(by: .milliseconds(200))
        #expect(try await call.value.status.code == 500)
    }

    /// Cancelling the call ends both sends and frees both permits.
    @Test func aCancelledCallLeavesNothingBehind() async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) {
            $0.hedging = .after(.milliseconds(100))
            $0.limits.maxTotal = 2
        }
        for _ in 0..<3 {
            let call = Task { try await pipeline.execute(.get("http://a.test")) }
            try await time.waitForSleepers(2)
            time.advance(by: .milliseconds(100))
            while transport.requests.count % 2 != 0 { await Task.yield() }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
        #expect(transport.requests.count == 6)
        #expect(time.sleeperCount == 0)
    }
}
