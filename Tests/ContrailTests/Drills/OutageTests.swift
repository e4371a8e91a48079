import Contrail
import ContrailBase
import Testing

extension LoadDrills {
    /// The outage drill of `OutageDrillTests` against a real server: half a minute of load each.
    @Suite struct OutageTests {
        /// Failures are faster than answers, as they are when a server cannot do its work.
        @Test func theBudgetHoldsAnOutageDown() async throws {
            let with = try await drill(.standard)
            print("outage, budget on: \(with)")
            let without = try await drill(nil)
            print("outage, budget off: \(without)")
            #expect(with.sendsPerCall <= 1.25)
            #expect(without.sendsPerCall >= 2.5)
            #expect(with.rateAfter > 0.99 && without.rateAfter > 0.99)
        }

        private struct Result: CustomStringConvertible {
            var sends = 0
            var calls = 0
            var callsAfter = 0
            var goodAfter = 0
            var sendsPerCall: Double { Double(sends) / Double(max(calls, 1)) }
            var rateAfter: Double { Double(goodAfter) / Double(max(callsAfter, 1)) }
            var description: String {
                "\(sends) sends of \(calls) calls during the outage, \(sendsPerCall) each; "
                    + "from 2 s after it on \(goodAfter) of \(callsAfter) good"
            }
        }

        private func drill(_ budget: RetryBudget?) async throws -> Result {
            let origin = try ModelOrigin(capacity: 200, answerTime: 20, failureTime: 10)
            defer { origin.stop() }
            var configuration = HTTPClient.Configuration()
            configuration.retryBudget = budget
            let counts = Counts()
            try await HTTPClient.withClient(configuration: configuration) { client in
                await withTaskGroup { group in
                    for _ in 0..<200 { group.addTask { await callInALoop(client, origin.url, counts) } }
                    group.addTask { await direct(origin, counts) }
                }
            }
            return counts.result
        }

        private func direct(_ origin: ModelOrigin, _ counts: Counts) async {
            let time = SystemTime()
            let start = time.now
            try? await time.sleep(until: start + .seconds(10))
            origin.work.setFailing(true)
            let before = origin.work.arrived
            counts.enter(.outage)
            try? await time.sleep(until: start + .seconds(20))
            origin.work.setFailing(false)
            let sends = origin.work.arrived - before
            counts.enter(.recovery, sends: sends)
            try? await time.sleep(until: start + .seconds(22))
            counts.enter(.after)
            try? await time.sleep(until: start + .seconds(30))
            counts.enter(.over)
        }

        private func callInALoop(_ client: HTTPClient, _ url: String, _ counts: Counts) async {
            while let phase = counts.phase {
                let response = try? await client.get(url)
                counts.ended(phase, isGood: response?.status == .ok)
            }
        }

        private final class Counts: Sendable {
            enum Phase { case before, outage, recovery, after, over }

            private struct State {
                var phase = Phase.before
                var result = Result()
            }

            private let state = Locked(State())

            var result: Result { state.withLock { $0.result } }
            /// `nil`: it is over.
            var phase: Phase? { state.withLock { $0.phase == .over ? nil : $0.phase } }

            func enter(_ phase: Phase, sends: Int = 0) {
                state.withLock { state in
                    state.phase = phase
                    state.result.sends += sends
                }
            }

            /// Calls count where they began.
            func ended(_ phase: Phase, isGood: Bool) {
                state.withLock { state in
                    switch phase {
                    case .outage: state.result.calls += 1
                    case .after:
                        state.result.callsAfter += 1
                        if isGood { state.result.goodAfter += 1 }
                    case .before, .recovery, .over: break
                    }
                }
            }
        }
    }
}
