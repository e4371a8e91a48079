import Contrail
import ContrailBase
import Testing

extension LoadDrills {
    /// The adaptive limit against a real server that works on so many requests at once and queues the rest; the model of it in
    /// virtual time is in `AdaptiveLimitTests`.
    @Suite struct AdaptiveConcurrencyTests {
        private struct Result: CustomStringConvertible {
            var goodput = 0.0
            var p99 = Duration.zero
            var meanUnderWay = 0.0
            var description: String {
                "\(goodput.rounded()) per second, p99 \(p99), \(meanUnderWay.rounded()) under way"
            }
        }

        @Test func findsTheCapacityAndFollowsIt() async throws {
            let origin = try ModelOrigin(capacity: 50, answerTime: 100)
            defer { origin.stop() }
            var best = Result()
            for limit in [45, 50, 55] {
                let result = try await withLoad(origin, { $0.maxPerOrigin = limit }) { load in
                    try await load.measure(after: 2, seconds: 6)
                }
                print("fixed limit \(limit): \(result)")
                if result.goodput > best.goodput * 1.01 || result.goodput > best.goodput * 0.99 && result.p99 < best.p99
                {
                    best = result
                }
            }
            try await withLoad(origin, { $0.adaptive = .standard }) { [best] load in
                let found = try await load.measure(after: 25, seconds: 12)
                print("adaptive, capacity 50: \(found)")
                #expect(found.goodput >= best.goodput * 0.95)
                #expect(found.p99 <= best.p99 * 2)
                for capacity in [25, 50, 100] {
                    try await offload { origin.work.setCapacity(capacity) }
                    let followed = try await load.measure(after: 15, seconds: 8)
                    print("adaptive, capacity \(capacity): \(followed)")
                    #expect(followed.goodput >= Double(capacity) * 10 * 0.9)
                    #expect(followed.meanUnderWay <= Double(capacity) * 2)
                }
            }
        }

        /// As many callers as the limit may become, who always want more.
        private func withLoad<Value: Sendable>(
            _ origin: ModelOrigin, _ change: (inout ConcurrencyLimits) -> Void,
            _ body: @escaping @Sendable (Load) async throws -> Value
        ) async throws -> Value {
            var configuration = HTTPClient.Configuration()
            configuration.limits.maxTotal = 200
            change(&configuration.limits)
            return try await HTTPClient.withClient(configuration: configuration) { client in
                let load = Load(origin)
                return try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<200 { group.addTask { await load.run(client) } }
                    let value = try await body(load)
                    load.end()
                    try await group.waitForAll()
                    return value
                }
            }
        }

        private final class Load: Sendable {
            private struct State {
                var latencies: [Duration] = []
                var isOver = false
            }

            private let state = Locked(State())
            private let origin: ModelOrigin

            init(_ origin: ModelOrigin) { self.origin = origin }

            func end() { state.withLock { $0.isOver = true } }

            func run(_ client: HTTPClient) async {
                while !state.withLock({ $0.isOver }) {
                    guard let response = try? await client.get(origin.url), response.status == .ok,
                        let summary = response.attempts.last?.summary, let ended = summary.ended
                    else { continue }
                    state.withLock { $0.latencies.append(ended - summary.submitted) }
                }
            }

            func measure(after settling: Int, seconds: Int) async throws -> Result {
                let time = SystemTime()
                try await time.sleep(until: time.now + .seconds(settling))
                state.withLock { $0.latencies = [] }
                _ = origin.work.takeMeanUnderWay()
                try await time.sleep(until: time.now + .seconds(seconds))
                let latencies = state.withLock { $0.latencies }.sorted()
                return Result(
                    goodput: Double(latencies.count) / Double(seconds),
                    p99: latencies.isEmpty ? .zero : latencies[latencies.count * 99 / 100],
                    meanUnderWay: origin.work.takeMeanUnderWay())
            }
        }
    }
}
