import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct AdaptiveLimitTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func best(_ serviceTime: ModelServer.ServiceTime) -> ModelServer.Result {
        [45, 50, 55].map { fixed in
            var server = ModelServer(serviceTime)
            var none: AdaptiveLimit?
            return server.run(seconds: 30, limit: &none, fixed: fixed)
        }.max { $0.goodput < $1.goodput * 0.999 || $0.p99 > $1.p99 } ?? .init(goodput: 0, p99: 0, meanLimit: 0)
    }

    /// Without being told: nearly all of what the best fixed limit brings, in not much more time.
    @Test(arguments: [ModelServer.ServiceTime.constant, .exponential, .bimodal])
    func findsTheCapacityOfAServer(serviceTime: ModelServer.ServiceTime) {
        let best = best(serviceTime)
        for initial in [1, 200] {
            var settings = AdaptiveConcurrency()
            settings.initial = initial
            settings.max = 1_000
            var limit: AdaptiveLimit? = AdaptiveLimit(settings, at: start)
            var server = ModelServer(serviceTime)
            _ = server.run(seconds: 60, limit: &limit)
            let result = server.run(seconds: 90, limit: &limit)
            #expect(result.goodput >= best.goodput * 0.95)
            #expect(result.p99 <= best.p99 * 2)
        }
    }

    @Test(arguments: [ModelServer.ServiceTime.constant, .exponential])
    func followsWhenTheCapacityHalvesAndDoubles(serviceTime: ModelServer.ServiceTime) {
        var limit: AdaptiveLimit? = AdaptiveLimit(.standard, at: start)
        var server = ModelServer(serviceTime)
        _ = server.run(seconds: 60, limit: &limit)
        for capacity in [25, 50, 100, 50] {
            server.capacity = capacity
            _ = server.run(seconds: 20, limit: &limit)
            let result = server.run(seconds: 60, limit: &limit)
            #expect(result.goodput >= Double(capacity) * 20 * 0.95)
            #expect((Double(capacity) * 0.9...Double(capacity) * 1.7).contains(result.meanLimit))
        }
    }

    @Test func aServerThatRefusesIsNotPushed() {
        var limit: AdaptiveLimit? = AdaptiveLimit(.standard, at: start)
        var server = ModelServer(.constant)
        server.maxQueued = 0
        _ = server.run(seconds: 60, limit: &limit)
        let result = server.run(seconds: 60, limit: &limit)
        #expect(result.goodput >= 50 * 20 * 0.9)
        #expect(result.meanLimit <= 65)
    }

    @Test func doesNotGrowWithoutNeed() {
        var limit = AdaptiveLimit(.standard, at: start)
        for index in 0..<100_000 {
            let now = start + .milliseconds(index)
            limit.note(latency: .milliseconds(5), isOverload: false, underWay: 3, at: now)
        }
        #expect(limit.limit <= 20)
    }

    @Test(arguments: 0..<200) func staysInItsRange(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        var settings = AdaptiveConcurrency()
        settings.min = 2 + Int(random.next() % 5)
        settings.max = settings.min + Int(random.next() % 50)
        settings.initial = Int(random.next() % 100)
        var limit = AdaptiveLimit(settings, at: start)
        var now = start
        for _ in 0..<500 {
            now = now + .milliseconds(Int(random.next() % 50))
            limit.note(
                latency: random.next() % 10 == 0 ? nil : .microseconds(Int(random.next() % 10_000_000)),
                isOverload: random.next() % 50 == 0, underWay: Int(random.next() % 100), at: now)
            #expect(limit.limit >= 1 && limit.limit <= settings.max)
        }
    }
}
