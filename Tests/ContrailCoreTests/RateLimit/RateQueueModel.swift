import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

/// Drives a ``RateQueue`` with random inputs in virtual time and checks it against its rules.
final class RateQueueModel {
    private let random: SeededRandom
    private let limits: RateLimits
    private var queue: RateQueue<Int>
    private var now = MonotonicInstant(nanoseconds: 0)
    private var claims: [Int: RateClaim] = [:]
    private var pending: [(ticket: UInt64, waiter: Int, deadline: MonotonicInstant?, isCancelled: Bool)] = []
    private var waiting: [(ticket: UInt64, waiter: Int, deadline: MonotonicInstant?)] = []
    private var started: [(waiter: Int, at: MonotonicInstant)] = []
    private var returned: Set<Int> = []
    private var nextWaiter = 0
    /// What the buckets should hold, and since when; none is full.
    private var accounts: [RateBucketID: (tokens: Double, at: MonotonicInstant)] = [:]

    init(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var limits = RateLimits()
        limits.rules = (0...pick(3)).map { _ in
            let amount = 1 + pick(10)
            return RateLimit(
                amount, pick(3) == 0 ? .tokens : .requests, per: .milliseconds(100 + pick(2_000)),
                burst: 1 + pick(amount + 3), scope: RateLimit.Scope.allCases[pick(3)])
        }
        limits.followsServer = pick(3) == 0
        self.random = random
        self.limits = limits
        queue = RateQueue(limits: limits, maxQueued: 30)
    }

    func run(steps: Int) {
        for _ in 0..<steps {
            step()
            checkTokens()
        }
        drain()
        checkTokens()
        holds(queue.isIdle)
        holds(returned.count == nextWaiter, "a waiter was lost")
        checkRates()
    }

    private func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    // MARK: The tokens

    /// Takes (or, negative, gives back) what a claim costs in the model's own books.
    private func book(_ claim: RateClaim, _ sign: Double) {
        for charge in claim.charges where charge.bucket.rule >= 0 {
            let rule = limits.rules[charge.bucket.rule]
            let account = accounts[charge.bucket] ?? (Double(rule.burst), now)
            let gained = (now - account.at).inSeconds * Double(rule.amount) / rule.interval.inSeconds
            let tokens = min(Double(rule.burst), account.tokens + gained) - sign * charge.cost
            accounts[charge.bucket] = (min(Double(rule.burst), tokens), now)
        }
    }

    /// Without a server that interferes every token is accounted for: none is lost by a wait, a refusal or a cancellation.
    private func checkTokens() {
        guard !limits.followsServer else { return }
        for (bucket, account) in accounts {
            let rule = limits.rules[bucket.rule]
            let gained = (now - account.at).inSeconds * Double(rule.amount) / rule.interval.inSeconds
            let expected = min(Double(rule.burst), account.tokens + gained)
            let held = queue.tokens(bucket, at: now) ?? Double(rule.burst)
            holds(abs(held - expected) < 1e-3, "\(bucket) holds \(held) instead of \(expected)")
        }
    }

    private func step() {
        switch pick(12) {
        case 0..<5: request()
        case 5..<7: if !pending.isEmpty { arrive(pick(pending.count)) }
        case 7: cancel()
        case 8: giveBack()
        case 9: if limits.followsServer { hear() }
        case 10: move(to: now + .milliseconds(pick(400)))
        default: if let wake = queue.nextWake() { move(to: max(now, wake)) }
        }
    }

    private func request() {
        let lane = RateLane(
            origin: Origin(scheme: .http, host: "h\(pick(3))", port: 80), key: [nil, nil, "k", "l"][pick(4)])
        let claim = RateClaim(limits, lane: lane, tokenCost: pick(4))
        let deadline = pick(2) == 0 ? now + .milliseconds(pick(3_000)) : nil
        nextWaiter += 1
        let waiter = nextWaiter
        claims[waiter] = claim
        let before = claim.charges.map { queue.tokens($0.bucket, at: now) }
        switch queue.request(claim, deadline: deadline, at: now) {
        case .admitted:
            holds(!waiting.contains { claims[$0.waiter]?.lane == lane }, "somebody was overtaken")
            start(waiter)
        case .mustWait(let ticket):
            pending.append((ticket, waiter, deadline, false))
        case .refused(let refusal):
            holds(refusal != .full || waiting.count + pending.count >= 30)
            for (charge, tokens) in zip(claim.charges, before) {
                guard let tokens, let after = queue.tokens(charge.bucket, at: now) else { continue }
                holds(after >= tokens, "a refused send took something")
            }
            returned.insert(waiter)
        }
    }

    private func arrive(_ index: Int) {
        let (ticket, waiter, deadline, isCancelled) = pending.remove(at: index)
        guard let claim = claims[waiter] else { return }
        switch queue.enqueue(waiter, ticket: ticket, claim: claim, deadline: deadline, at: now) {
        case .admitted: start(waiter)
        case .cancelled:
            holds(isCancelled)
            holds(returned.insert(waiter).inserted)
        case .queued:
            waiting.append((ticket, waiter, deadline))
            advance()
        }
    }

    private func move(to instant: MonotonicInstant) {
        now = instant
        advance()
    }

    private func advance() {
        let releases = queue.advance(to: now)
        for waiter in releases.expired {
            leave(waiter) { _ in }
            holds(returned.insert(waiter).inserted)
        }
        for waiter in releases.admitted {
            leave(waiter) { index in
                let lane = claims[waiter]?.lane
                holds(!waiting[..<index].contains { claims[$0.waiter]?.lane == lane }, "somebody was overtaken")
                if let deadline = waiting[index].deadline { holds(now < deadline) }
            }
            start(waiter)
        }
        if let wake = queue.nextWake() { holds(wake > now, "it would be woken again at once") }
        holds(queue.waitingCount == waiting.count)
        holds((queue.nextWake() == nil) == waiting.isEmpty, "somebody waits for nothing")
    }

    private func leave(_ waiter: Int, _ check: (Int) -> Void) {
        guard let index = waiting.firstIndex(where: { $0.waiter == waiter }) else {
            Issue.record("somebody was let go who was not waiting")
            return
        }
        check(index)
        waiting.remove(at: index)
    }

    private func start(_ waiter: Int) {
        holds(returned.insert(waiter).inserted)
        started.append((waiter, now))
        if let claim = claims[waiter] { book(claim, 1) }
    }

    private func cancel() {
        if !waiting.isEmpty, pick(2) == 0 {
            let entry = waiting.remove(at: pick(waiting.count))
            holds(queue.cancel(entry.ticket) == entry.waiter)
            returned.insert(entry.waiter)
            advance()
        } else if !pending.isEmpty {
            let index = pick(pending.count)
            holds(queue.cancel(pending[index].ticket) == nil)
            pending[index].isCancelled = true
        }
    }

    private func giveBack() {
        guard let last = started.popLast(), let claim = claims[last.waiter] else { return }
        book(claim, -1)
        queue.giveBack(claim, at: now)
        advance()
    }

    /// The server says something: that only ever slows down.
    private func hear() {
        guard let last = started.last, let claim = claims[last.waiter] else { return }
        let reports = [
            RateLimitReport(
                unit: RateLimit.Unit.allCases[pick(2)], limit: nil, remaining: pick(3),
                reset: .milliseconds(pick(2_000)))
        ]
        if pick(2) == 0 {
            queue.note(reports, about: claim, at: now, unit: 0.5)
        } else {
            queue.noteThrottled(claim, delay: pick(2) == 0 ? nil : .milliseconds(pick(500)), at: now, unit: 0.5)
        }
        advance()
    }

    private func drain() {
        while !pending.isEmpty { arrive(0) }
        for _ in 0..<10_000 {
            guard let wake = queue.nextWake() else { break }
            move(to: max(now, wake))
        }
        holds(waiting.isEmpty, "somebody is never let go")
    }

    /// Between any two starts no bucket gave more than its burst and what came in between.
    private func checkRates() {
        for (index, rule) in limits.rules.enumerated() {
            let perSecond = Double(rule.amount) / rule.interval.inSeconds
            var takes: [RateBucketID: [(at: MonotonicInstant, cost: Double)]] = [:]
            for (waiter, instant) in started {
                for charge in claims[waiter]?.charges ?? [] where charge.bucket.rule == index {
                    takes[charge.bucket, default: []].append((instant, charge.cost))
                }
            }
            for list in takes.values {
                for first in list.indices {
                    var sum = 0.0
                    for take in list[first...] {
                        sum += take.cost
                        let allowed = Double(rule.burst) + perSecond * (take.at - list[first].at).inSeconds
                        holds(sum <= allowed + 1e-4, "\(rule) was exceeded")
                    }
                }
            }
        }
    }
}
