import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// The retry step where it meets budget, admission and observers.
@Suite(.timeLimit(.minutes(1))) struct RetryPipelineTests {
    private func settings(_ change: (inout PipelineSettings) -> Void) -> PipelineSettings {
        var settings = PipelineSettings()
        settings.retry.backOff = .sequence([.zero])
        change(&settings)
        return settings
    }

    /// A server that is down costs no more than the budget, whatever the number of calls.
    @Test func theBudgetBoundsWhatAnOutageCosts() async throws {
        let transport = ScriptedTransport(.status(500))
        let recorder = RecordingObserver()
        let pipeline = CallPipeline(
            settings: settings {
                $0.retryBudget?.minPerSecond = 0.5
                $0.observers = [recorder]
            }, transport: transport)
        for _ in 0..<40 { #expect(try await pipeline.execute(.get("http://a.test")).status.code == 500) }
        #expect(transport.requests.count == 45)
        #expect(recorder.calls.flatMap { $0.events.refusals }.filter { $0 == .budgetExhausted }.count >= 37)
    }

    /// When the next send is not admitted the caller gets what the last one brought.
    @Test func theLastResponseIsReturnedWhenTheNextSendIsNotAdmitted() async throws {
        let time = ManualTime()
        let recorder = RecordingObserver()
        let transport = ScriptedTransport(.status(503, body: "first"), .silence, time: time)
        let pipeline = CallPipeline(
            settings: settings {
                $0.time = time
                $0.retry.backOff = .sequence([.seconds(1)])
                $0.limits.maxPerOrigin = 1
                $0.limits.maxQueued = 0
                $0.observers = [recorder]
            }, transport: transport)
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        let other = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(2)
        time.advance(by: .seconds(1))
        #expect(try await call.value.text == "first")
        #expect(try #require(recorder.calls.first).events.refusals == [.notAdmitted])
        other.cancel()
    }

    /// A transparent re-send is free: no attempt, no budget.
    @Test func aTransparentRetryTakesNothingFromTheBudget() async throws {
        let transport = ScriptedTransport(.failure(.staleConnection), .status(200))
        let pipeline = CallPipeline(
            settings: settings {
                $0.retryBudget?.minPerSecond = 0
                $0.retryBudget?.ratio = 0
            }, transport: transport)
        #expect(try await pipeline.execute(.get("http://a.test")).status.code == 200)
    }

    @Test func theServersWaitIsToldToTheObservers() async throws {
        let time = ManualTime()
        let recorder = RecordingObserver()
        let transport = ScriptedTransport(.status(429, headers: [.retryAfter: "2"]), .status(200), time: time)
        let pipeline = CallPipeline(
            settings: settings {
                $0.time = time
                $0.observers = [recorder]
                $0.random = SeededRandom(seed: 3)
            }, transport: transport)
        let call = Task { try await pipeline.execute(.get("http://a.test")) }
        try await time.waitForSleepers(1)
        time.advance(by: .milliseconds(1_999))
        #expect(transport.requests.count == 1)
        time.advance(by: .milliseconds(300))
        #expect(try await call.value.status.code == 200)
        #expect(try #require(recorder.calls.first).events.schedules.map { $0.0 } == [.retryAfter])
    }
}
