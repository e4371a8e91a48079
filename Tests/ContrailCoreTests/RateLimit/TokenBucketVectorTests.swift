import ContrailBase
import Testing

@testable import ContrailCore

/// The published vectors of the token bucket.
@Suite struct TokenBucketVectorTests {
    struct Vector: Decodable, Sendable {
        struct Rule: Decodable, Sendable {
            let unit: String
            let amount: Int
            let per: Double
            let burst: Int
        }
        struct Step: Decodable, Sendable {
            let at: Double
            let cost: Int?
            let start: Double?
            let deadline: Double?
            let cancelledAt: Double?
            let remaining: Int?
            let reset: Double?
        }
        let name: String
        let rules: [Rule]
        let followsServer: Bool?
        let steps: [Step]
    }

    @Test func starts() throws {
        for vector in try Vectors.load("token-bucket") as [Vector] {
            var run = try Run(vector)
            let starts = run.starts()
            for (index, step) in vector.steps.enumerated() where step.remaining == nil {
                let start = starts[index]
                #expect((start == nil) == (step.start == nil), "\(vector.name), step \(index)")
                #expect(abs((start ?? 0) - (step.start ?? 0)) < 0.001, "\(vector.name), step \(index)")
            }
        }
    }

    /// Plays a vector on a queue, moment by moment.
    private struct Run {
        private let steps: [Vector.Step]
        private let limits: RateLimits
        private var queue: RateQueue<Int>
        private var tickets: [Int: UInt64] = [:]
        private var found: [Int: Double] = [:]

        init(_ vector: Vector) throws {
            var limits = RateLimits()
            limits.followsServer = vector.followsServer ?? false
            limits.rules = try vector.rules.map {
                RateLimit(
                    $0.amount, try #require(RateLimit.Unit(rawValue: $0.unit)), per: .seconds($0.per), burst: $0.burst)
            }
            self.limits = limits
            steps = vector.steps
            queue = RateQueue(limits: limits, maxQueued: 100)
        }

        mutating func starts() -> [Int: Double] {
            for (index, step) in steps.enumerated() {
                advance(until: step.at)
                play(step, index)
                if let moment = step.cancelledAt, let ticket = tickets[index] {
                    // No other step lies between.
                    advance(until: moment)
                    _ = queue.cancel(ticket)
                }
            }
            advance(until: 10_000)
            return found
        }

        private func instant(_ seconds: Double) -> MonotonicInstant {
            MonotonicInstant(nanoseconds: 0) + .seconds(seconds)
        }

        private mutating func play(_ step: Vector.Step, _ index: Int) {
            let lane = RateLane(origin: Origin(scheme: .http, host: "a", port: 80), key: nil)
            let claim = RateClaim(limits, lane: lane, tokenCost: step.cost ?? 0)
            let now = instant(step.at)
            if let remaining = step.remaining {
                let report = RateLimitReport(
                    unit: .requests, limit: nil, remaining: remaining, reset: step.reset.map { .seconds($0) })
                return queue.note([report], about: claim, at: now, unit: 0)
            }
            let deadline = step.deadline.map(instant)
            switch queue.request(claim, deadline: deadline, at: now) {
            case .admitted: found[index] = step.at
            case .refused: break
            case .mustWait(let ticket):
                tickets[index] = ticket
                _ = queue.enqueue(index, ticket: ticket, claim: claim, deadline: deadline, at: now)
            }
        }

        private mutating func advance(until seconds: Double) {
            while let wake = queue.nextWake(), wake <= instant(seconds) {
                let releases = queue.advance(to: max(wake, instant(0)))
                for index in releases.admitted { found[index] = (wake - instant(0)).inSeconds }
                if releases.admitted.isEmpty, releases.expired.isEmpty { break }
            }
            _ = queue.advance(to: instant(seconds)).admitted.map { found[$0] = seconds }
        }
    }
}
