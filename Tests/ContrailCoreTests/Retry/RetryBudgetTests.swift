import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct RetryBudgetTests {
    /// In any nine tenths of a window (it moves on by tenths): no more retries than the reserve and the share of the
    /// successes in it and the window before it. What is given back can be taken again, once.
    @Test(arguments: SeededRuns.blocks) func neverAllowsMoreThanItsShare(block: Int) {
        for seed in SeededRuns.seeds(of: block) { run(seed: seed) }
    }

    private func run(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        var budget = RetryBudget()
        budget.ratio = Double(random.next() % 100) / 100
        budget.minPerSecond = Double(random.next() % 5)
        var window = RetryBudgetWindow(budget)
        var now = MonotonicInstant(nanoseconds: Int64(random.next() % 1_000_000_000_000))
        var successes: [MonotonicInstant] = []
        var retries: [MonotonicInstant] = []
        for _ in 0..<60 {
            if random.next() % 4 > 0 { now = now + .milliseconds(Int(random.next() % 330)) }
            switch random.next() % 8 {
            case 0..<4:
                window.noteSuccess(at: now)
                successes.append(now)
            case 4 where retries.last == now:
                window.giveBack(at: now)
                retries.removeLast()
                let isBack = window.withdraw(at: now)
                holds(isBack, "what was given back is gone")
                retries.append(now)
            default:
                if window.withdraw(at: now) { retries.append(now) }
            }
            successes.removeAll { now - $0 >= .seconds(19) }
            retries.removeAll { now - $0 >= .seconds(9) }
            let earned = Double(successes.count) * budget.ratio
            holds(Double(retries.count) <= earned + budget.minPerSecond * 10 + 1e-6)
        }
    }

    @Test(arguments: [
        (Double.nan, 0.0, Duration.zero), (-1, -1, .seconds(-5)), (.infinity, .infinity, .seconds(Int64.max)),
    ])
    func noValueTraps(ratio: Double, minPerSecond: Double, length: Duration) {
        var budget = RetryBudget()
        (budget.ratio, budget.minPerSecond, budget.window) = (ratio, minPerSecond, length)
        var window = RetryBudgetWindow(budget)
        for time in [Int64.min, -1, 0, 1, Int64.max] {
            window.noteSuccess(at: MonotonicInstant(nanoseconds: time))
            _ = window.withdraw(at: MonotonicInstant(nanoseconds: time))
        }
    }

    @Test func originsHaveBudgetsOfTheirOwn() {
        var budget = RetryBudget()
        budget.minPerSecond = 0.1
        let budgets = RetryBudgets(budget)
        let (a, b) = (Origin(scheme: .http, host: "a", port: 80), Origin(scheme: .http, host: "b", port: 80))
        let now = MonotonicInstant(nanoseconds: 0)
        #expect([a, a, b, b].map { budgets.withdraw($0, at: now) } == [true, false, true, false])
    }

    @Test func withoutABudgetNothingIsRefused() {
        let budgets = RetryBudgets(nil)
        let origin = Origin(scheme: .http, host: "a", port: 80)
        #expect((0..<1_000).allSatisfy { _ in budgets.withdraw(origin, at: MonotonicInstant(nanoseconds: 0)) })
    }
}

@Suite struct HostileFieldTests {
    /// Random and cut-off fields are read or ignored, never a trap, never a wait that is negative.
    @Test(arguments: 0..<2_000) func anyTextIsReadOrIgnored(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        let names = [
            "retry-after", "retry-after-ms", "ratelimit", "ratelimit-policy", "x-ratelimit-reset", "x-ratelimit-",
            "ratelimit-limit", "x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-reset", "rate-limit-reset",
            "x-ratelimit-reset-requests", "x-rate-limit", "anthropic-ratelimit", "date",
        ]
        let samples = [
            "\"default\";r=50;t=30", "limit=1, remaining=99999999999999999999, reset=5", "1h2m3.5s", "6m0s",
            "2026-10-21T07:28:30.123Z", "99999999999999999999", "Wed, 21 Oct 2026 07:28:05 GMT", "-5", ";;==,,\"",
            "1e309", "0.0.0", "9999999999999h",
        ]
        var headers: HTTPFields = [:]
        for _ in 0..<8 {
            guard let name = HTTPField.Name(names[Int(random.next() % UInt64(names.count))]) else { continue }
            var value = Array(samples[Int(random.next() % UInt64(samples.count))].utf8)
            if random.next() % 2 == 0, !value.isEmpty {
                value[Int(random.next() % UInt64(value.count))] = UInt8(0x20 + random.next() % 0x5F)
            }
            let kept = value.prefix(Int(random.next() % UInt64(value.count + 1)))
            headers.append(HTTPField(name: name, value: String(decoding: kept, as: UTF8.self)))
        }
        let wall = Int64(bitPattern: random.next())
        #expect((ServerDelay.read(headers, wallNanoseconds: wall)?.delay ?? .zero) >= .zero)
        for report in RateLimitReport.read(headers, wallNanoseconds: wall) {
            #expect((report.reset ?? .zero) >= .zero)
            #expect((report.remaining ?? 0) >= 0)
        }
    }

    @Test func onlySoManyQuotasAreKept() {
        var headers: HTTPFields = [:]
        for index in 0..<100 {
            let name = HTTPField.Name("x-ratelimit-remaining-\(index)-tokens")
            if let name { headers.append(HTTPField(name: name, value: "1")) }
        }
        #expect(RateLimitReport.read(headers, wallNanoseconds: 0).count == 16)
    }
}

@Suite struct IdempotencyKeyTests {
    @Test func isARandomUUID() {
        let key = IdempotencyKey.random(from: SeededRandom(seed: 1)).description
        #expect(key.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(IdempotencyKey.random() != IdempotencyKey.random())
    }

    @Test func aRequestKeepsTheKeyThatItHas() throws {
        let field = try #require(HTTPField.Name("Idempotency-Key"))
        let once = HTTPCall.Request.post("http://a.test").withIdempotencyKey()
        #expect(once.headers[values: field].count == 1)
        #expect(once.withIdempotencyKey().headers[field] == once.headers[field])
    }
}
