import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct RateQueueTests {
    private let a = RateLane(origin: Origin(scheme: .http, host: "a", port: 80), key: nil)
    private let b = RateLane(origin: Origin(scheme: .http, host: "b", port: 80), key: nil)
    private let start = MonotonicInstant(nanoseconds: 0)

    private func limits(_ rules: RateLimit...) -> RateLimits {
        var limits = RateLimits()
        limits.rules = rules
        return limits
    }

    /// Asks at `seconds` and, if told to wait, waits as `waiter`. True if it started at once.
    private func ask(
        _ queue: inout RateQueue<Int>, _ limits: RateLimits, _ lane: RateLane, as waiter: Int, at seconds: Double = 0,
        cost: Int = 0
    ) -> Bool {
        let now = start + .seconds(seconds)
        let claim = RateClaim(limits, lane: lane, tokenCost: cost)
        guard case .mustWait(let ticket) = queue.request(claim, deadline: nil, at: now) else { return true }
        _ = queue.enqueue(waiter, ticket: ticket, claim: claim, deadline: nil, at: now)
        _ = queue.advance(to: now)
        return false
    }

    /// Any order of inputs: rates hold, nobody is overtaken in his lane, every waiter comes back exactly once, a cancelled
    /// or refused send takes nothing, buckets hold to the token what they should, and whoever waits has a moment when he is woken.
    @Test(arguments: SeededRuns.blocks)
    func holdsItsRulesUnderRandomInput(block: Int) {
        for seed in SeededRuns.seeds(of: block) { RateQueueModel(seed: seed).run(steps: 60) }
    }

    @Test func aSendThatNeedsMuchIsNotOvertakenByThoseThatNeedLittle() {
        let limits = limits(RateLimit(10, .tokens, per: .seconds(1), scope: .client))
        var queue = RateQueue<Int>(limits: limits, maxQueued: 10)
        #expect(ask(&queue, limits, a, as: 0, cost: 10))
        #expect(!ask(&queue, limits, a, as: 1, cost: 10))
        #expect(!ask(&queue, limits, b, as: 2, at: 0.5, cost: 1))
        #expect(queue.advance(to: start + .seconds(0.9)).admitted.isEmpty)
        #expect(queue.advance(to: start + .seconds(1.001)).admitted == [1])
        #expect(queue.advance(to: start + .seconds(1.2)).admitted == [2])
    }

    @Test func aSlowOriginDoesNotHoldUpTheOthers() {
        let limits = limits(RateLimit(1, per: .seconds(10)), RateLimit(100, per: .seconds(1), scope: .client))
        var queue = RateQueue<Int>(limits: limits, maxQueued: 10)
        #expect(ask(&queue, limits, a, as: 0))
        #expect(!ask(&queue, limits, a, as: 1))
        _ = ask(&queue, limits, b, as: 2)
        #expect(queue.waitingCount == 1)
    }

    @Test func whatCannotStartInTimeIsRefusedAtOnceAndTakesNothing() {
        let limits = limits(RateLimit(1, per: .seconds(1)))
        var queue = RateQueue<Int>(limits: limits, maxQueued: 10)
        _ = ask(&queue, limits, a, as: 0)
        _ = ask(&queue, limits, a, as: 1)
        let claim = RateClaim(limits, lane: a, tokenCost: 0)
        #expect(queue.request(claim, deadline: start + .milliseconds(1_900), at: start) == .refused(.deadline))
        guard case .mustWait = queue.request(claim, deadline: start + .milliseconds(2_100), at: start) else {
            return #expect(Bool(false))
        }
    }

    @Test func whatCostsMoreThanABurstIsRefused() {
        let limits = limits(RateLimit(1_000, .tokens, per: .seconds(60), burst: 100))
        var queue = RateQueue<Int>(limits: limits, maxQueued: 10)
        #expect(
            queue.request(RateClaim(limits, lane: a, tokenCost: 101), deadline: nil, at: start)
                == .refused(.costTooHigh(burst: 100)))
    }

    @Test func aUsedUpQuotaPausesItsLaneOnly() {
        let limits = limits()
        var queue = RateQueue<Int>(limits: limits, maxQueued: 10)
        let report = RateLimitReport(unit: .requests, limit: 100, remaining: 0, reset: .seconds(5))
        queue.note([report], about: RateClaim(limits, lane: a, tokenCost: 0), at: start, unit: 0)
        #expect(!ask(&queue, limits, a, as: 1))
        #expect(ask(&queue, limits, b, as: 2))
        #expect(queue.nextWake() == start + .seconds(5))
        #expect(queue.advance(to: start + .seconds(5)).admitted == [1])
    }

    @Test func noServerCausesAPauseBeyondTheLimit() {
        let limits = limits()
        var queue = RateQueue<Int>(limits: limits, maxQueued: 10)
        queue.noteThrottled(RateClaim(limits, lane: a, tokenCost: 0), delay: .seconds(86_400), at: start, unit: 0)
        #expect(!ask(&queue, limits, a, as: 1))
        #expect(queue.nextWake() == start + .seconds(60))
    }

    @Test func aComplaintSlowsTheRuleDownForAWhile() {
        let limits = limits(RateLimit(10, per: .seconds(1), burst: 1))
        var queue = RateQueue<Int>(limits: limits, maxQueued: 100)
        _ = ask(&queue, limits, a, as: 0)
        queue.noteThrottled(RateClaim(limits, lane: a, tokenCost: 0), delay: nil, at: start, unit: 0)
        for waiter in 1...60 { _ = ask(&queue, limits, a, as: waiter) }
        func started(until seconds: Double) -> Int {
            var count = 0
            while let wake = queue.nextWake(), wake <= start + .seconds(seconds) {
                count += queue.advance(to: wake).admitted.count
            }
            return count
        }
        #expect((6...8).contains(started(until: 1)))
        _ = started(until: 3.5)
        #expect((9...10).contains(started(until: 4.5)))
    }

    @Test func bucketsOfManyOriginsAreForgottenWhenFull() {
        let limits = limits(RateLimit(1, per: .seconds(1)))
        var queue = RateQueue<Int>(limits: limits, maxQueued: 10, maxBuckets: 64)
        for index in 0..<10_000 {
            let lane = RateLane(origin: Origin(scheme: .http, host: "h\(index)", port: 80), key: nil)
            _ = queue.request(RateClaim(limits, lane: lane, tokenCost: 0), deadline: nil, at: start)
            #expect(queue.bucketCount <= 64)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct RateLimiterTests {
    private let origin = Origin(scheme: .http, host: "a", port: 80)
    private let time = ManualTime()

    private func limiter(_ rules: RateLimit...) -> RateLimiter {
        var limits = RateLimits()
        limits.rules = rules
        return RateLimiter(limits: limits, maxQueued: 1_000, time: time, random: SeededRandom(seed: 1))
    }

    @Test func waitsForItsTurn() async throws {
        let limiter = limiter(RateLimit(1, per: .seconds(1)))
        let claim = limiter.claim(origin, key: nil, tokenCost: 0)
        #expect(try await limiter.acquire(claim, deadline: nil) == false)
        let second = Task { try await limiter.acquire(claim, deadline: nil) }
        try await time.waitForSleepers(1)
        time.advance(by: .milliseconds(1_001))
        #expect(try await second.value)
    }

    /// Cancelled while it waits: the next moves up.
    @Test func aCancelledWaitTakesNothing() async throws {
        let limiter = limiter(RateLimit(1, per: .seconds(1)))
        let claim = limiter.claim(origin, key: nil, tokenCost: 0)
        _ = try await limiter.acquire(claim, deadline: nil)
        let second = Task { try await limiter.acquire(claim, deadline: nil) }
        try await time.waitForSleepers(1)
        let third = Task { try await limiter.acquire(claim, deadline: time.now + .milliseconds(2_500)) }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        try await time.waitForSleepers(1)
        time.advance(by: .milliseconds(1_001))
        #expect(try await third.value)
    }

    @Test func shutDownEndsTheWait() async throws {
        let limiter = limiter(RateLimit(1, per: .seconds(1)))
        let claim = limiter.claim(origin, key: nil, tokenCost: 0)
        _ = try await limiter.acquire(claim, deadline: nil)
        let second = Task { try await limiter.acquire(claim, deadline: nil) }
        try await time.waitForSleepers(1)
        limiter.shutDown()
        await #expect(throws: RateLimiter.Refusal.shutDown) { try await second.value }
        await #expect(throws: RateLimiter.Refusal.shutDown) { try await limiter.acquire(claim, deadline: nil) }
    }

    /// Tasks that are cancelled at any point leave the queue as if they had never come.
    @Test(arguments: 0..<50) func cancellingAtAnyPointLeaksNothing(seed: Int) async throws {
        let random = SeededRandom(seed: UInt64(seed))
        let limiter = limiter(RateLimit(5, per: .seconds(1)))
        let claim = limiter.claim(origin, key: nil, tokenCost: 0)
        let tasks = (0..<20).map { _ in
            Task {
                if try await limiter.acquire(claim, deadline: nil) || true { limiter.giveBack(claim) }
            }
        }
        for task in tasks where random.next() % 2 == 0 {
            if random.next() % 2 == 0 { await Task.yield() }
            task.cancel()
        }
        for task in tasks { _ = await task.result }
        for _ in 0..<5 { #expect(try await limiter.acquire(claim, deadline: nil) == false) }
    }
}
