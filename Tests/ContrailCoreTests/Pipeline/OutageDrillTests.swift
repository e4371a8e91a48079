import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// 200 tasks call one origin in a loop for 30 s; from second 10 to 20 it fails every request. In virtual time.
@Suite(.timeLimit(.minutes(2))) struct OutageDrillTests {
    @Test func theBudgetKeepsAnOutageFromBeingMultiplied() async throws {
        let with = try await Drill(budget: .standard).run()
        let without = try await Drill(budget: nil).run()
        print(
            "outage, virtual time: \(with.duringOutage.sendsPerCall) sends per call with the default budget,",
            "\(without.duringOutage.sendsPerCall) without")
        #expect(with.duringOutage.sendsPerCall <= 1.25, "\(with)")
        // What it would be: nearly every call is sent three times.
        #expect(without.duringOutage.sendsPerCall >= 2.5, "\(without)")
        for result in [with, without] {
            #expect(result.before.successRate == 1)
            // Not none: what begins at its end may be sent again after it.
            #expect(result.duringOutage.successRate < 0.2)
            #expect(result.twoSecondsAfter.calls > 1_000 && result.twoSecondsAfter.successRate > 0.99, "\(result)")
        }
    }
}

private final class Drill: Sendable {
    struct Count: Sendable {
        var sends = 0
        var calls = 0
        var successes = 0
        var sendsPerCall: Double { Double(sends) / Double(max(calls, 1)) }
        var successRate: Double { Double(successes) / Double(max(calls, 1)) }
    }

    struct Result: Sendable {
        var before = Count()
        var duringOutage = Count()
        /// From two seconds after the recovery on.
        var twoSecondsAfter = Count()
        var finishedTasks = 0
    }

    private static let tasks = 200
    private static let step = Duration.milliseconds(10)
    /// An answer takes a second; a failure half of that, as a server that cannot do its work has less of it.
    private static let answerTime = Duration.seconds(1)
    private static let failureTime = Duration.milliseconds(500)

    private let time = ManualTime()
    private let start: MonotonicInstant
    private let result = Locked(Result())
    private let budget: RetryBudget?

    init(budget: RetryBudget?) {
        self.budget = budget
        start = time.now
    }

    func run() async throws -> Result {
        let pipeline = makePipeline()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.tasks { group.addTask { try await self.callInALoop(pipeline) } }
            // Every task is asleep, in the server or backing off: only then time goes on.
            while time.now < start + .seconds(30) {
                try await time.waitForSleepers(Self.tasks)
                time.advance(by: Self.step)
            }
            while result.withLock({ $0.finishedTasks }) < Self.tasks {
                try Task.checkCancellation()
                time.advance(by: Self.step)
                await Task.yield()
            }
            try await group.waitForAll()
        }
        return result.withLock { $0 }
    }

    private func makePipeline() -> CallPipeline {
        var settings = PipelineSettings()
        settings.time = time
        settings.random = SeededRandom(seed: 1)
        settings.retryBudget = budget
        settings.limits.maxTotal = Self.tasks
        settings.limits.maxPerOrigin = Self.tasks
        let answers = ScriptedTransport(time: time)
        let transport = ScriptedTransport(
            .custom { [self] _ in
                count(at: time.now) { $0.sends += 1 }
                let fails = isOutage(time.now)
                try await time.sleep(until: time.now + (fails ? Self.failureTime : Self.answerTime))
                return answers.response(fails ? 500 : 200)
            }, time: time)
        return CallPipeline(settings: settings, transport: transport)
    }

    private func callInALoop(_ pipeline: CallPipeline) async throws {
        while time.now < start + .seconds(30) {
            let begin = time.now
            let isGood = try await pipeline.execute(.get("http://a.test")).status.code == 200
            count(at: begin) { count in
                count.calls += 1
                if isGood { count.successes += 1 }
            }
        }
        result.withLock { $0.finishedTasks += 1 }
    }

    private func isOutage(_ now: MonotonicInstant) -> Bool {
        now >= start + .seconds(10) && now < start + .seconds(20)
    }

    /// Calls count where they began, sends where they went out.
    private func count(at instant: MonotonicInstant, _ change: (inout Count) -> Void) {
        result.withLock { result in
            if instant < start + .seconds(8) {
                change(&result.before)
            } else if isOutage(instant) {
                change(&result.duringOutage)
            } else if instant >= start + .seconds(22) {
                change(&result.twoSecondsAfter)
            }
        }
    }
}
