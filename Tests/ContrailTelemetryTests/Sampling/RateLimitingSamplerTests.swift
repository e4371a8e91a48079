import ContrailTesting
import Testing

@testable import ContrailTelemetry

@Suite("RateLimitingSampler")
struct RateLimitingSamplerTests {
    private let candidate = Telemetry.SamplingCandidate(
        parent: nil, traceID: makeSpanContext().traceID, name: "x")

    private func sampled(_ sampler: Telemetry.RateLimitingSampler, of count: Int) -> Int {
        (0..<count).filter { _ in sampler.sample(candidate).decision == .recordAndSample }.count
    }

    @Test func letsABurstOfOneSecondThroughThenTheRate() {
        let time = ManualTime()
        let sampler = Telemetry.RateLimitingSampler(spansPerSecond: 10, time: time)
        #expect(sampled(sampler, of: 100) == 10)
        time.advance(by: .milliseconds(99))
        #expect(sampled(sampler, of: 100) == 0)
        time.advance(by: .milliseconds(1))
        #expect(sampled(sampler, of: 100) == 1)
        time.advance(by: .seconds(60))
        #expect(sampled(sampler, of: 100) == 10)
    }

    @Test func aRateBelowOneIsOneSpanInAWhile() {
        let time = ManualTime()
        let sampler = Telemetry.RateLimitingSampler(spansPerSecond: 0.1, time: time)
        #expect(sampled(sampler, of: 5) == 1)
        time.advance(by: .seconds(9))
        #expect(sampled(sampler, of: 5) == 0)
        time.advance(by: .seconds(1))
        #expect(sampled(sampler, of: 5) == 1)
    }

    @Test(arguments: [0.0, -1, .nan, -.infinity]) func noRateSamplesNothing(rate: Double) {
        #expect(sampled(Telemetry.RateLimitingSampler(spansPerSecond: rate, time: ManualTime()), of: 10) == 0)
    }

    @Test(arguments: [1e-300, .leastNonzeroMagnitude, 1e300, .infinity]) func extremesDoNotTrap(rate: Double) {
        let time = ManualTime()
        let sampler = Telemetry.RateLimitingSampler(spansPerSecond: rate, time: time)
        #expect(sampled(sampler, of: 10) >= 1)
        time.advance(by: .seconds(1_000_000))
        _ = sampled(sampler, of: 10)
    }

    @Test func manyThreadsDoNotExceedTheRate() async {
        let sampler = Telemetry.RateLimitingSampler(spansPerSecond: 500, time: ManualTime())
        let candidate = candidate
        let total = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<1000).filter { _ in sampler.sample(candidate).decision == .recordAndSample }.count
                }
            }
            return await group.reduce(0, +)
        }
        #expect(total == 500)
    }

    @Test func limitsTracesAsTheRootOfAParentBasedSampler() {
        let limit = Telemetry.RateLimitingSampler(spansPerSecond: 1, time: ManualTime())
        let tracer = Fixture(sampler: Telemetry.ParentBasedSampler(root: limit)).tracer
        let (first, second) = (tracer.startSpan("1", parent: nil), tracer.startSpan("2", parent: nil))
        #expect(first.isRecording && !second.isRecording)
        #expect(tracer.startSpan("child", in: first.context).isRecording)
        #expect(!tracer.startSpan("child", in: second.context).isRecording)
    }

    @Test func describesItself() {
        #expect(Telemetry.RateLimitingSampler(spansPerSecond: 2).description == "RateLimitingSampler{2.0}")
    }
}
