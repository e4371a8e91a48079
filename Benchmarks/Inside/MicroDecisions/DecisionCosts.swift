import ContrailBase
import MicroKit

/// What the policies' decisions cost, without the locks around them. Compiled with the sources it measures: they are
/// internal, and in the client too they run inside their own module.
public enum DecisionCosts {
    private static let count = 100_000
    private static let origin = Origin(scheme: .https, host: "api.example.com", port: 443)

    /// Name and CPU nanoseconds.
    public static func all() -> [(String, Double)] {
        [
            ("permit, free: request and release", freePermit()), ("permit, taken: wait and hand-over", waitedPermit()),
            ("token", token()), ("retry decision, no retry", retry(status: nil)),
            ("retry decision, retry", retry(status: .transient)),
        ]
    }

    private static func freePermit() -> Double {
        var queue = PermitQueue<Int>(limits: ConcurrencyLimits())
        _ = queue.request(origin)
        return Stopwatch.perUnit {
            for _ in 0..<count {
                keep(queue.request(origin))
                keep(queue.release(origin))
            }
            return count
        }
    }

    /// A thousand wait all the time.
    private static func waitedPermit() -> Double {
        var limits = ConcurrencyLimits()
        limits.maxPerOrigin = 1
        var queue = PermitQueue<Int>(limits: limits)
        _ = queue.request(origin)
        func wait() {
            guard case .mustWait(let ticket) = queue.request(origin) else { return }
            keep(queue.enqueue(0, ticket: ticket, origin: origin, deadline: nil))
        }
        for _ in 0..<1_000 { wait() }
        return Stopwatch.perUnit {
            for _ in 0..<count {
                wait()
                keep(queue.release(origin))
            }
            return count
        }
    }

    private static func token() -> Double {
        var now = MonotonicInstant(nanoseconds: 0)
        var bucket = TokenBucket(RateLimit(1_000_000, per: .seconds(1)), at: now)
        return Stopwatch.perUnit {
            for _ in 0..<count {
                now.nanoseconds += 1_000
                if bucket.ready(for: 1, at: now) <= now { bucket.take(1) }
            }
            return count
        }
    }

    private static func retry(status: OutcomeClass?) -> Double {
        let now = MonotonicInstant(nanoseconds: 0)
        let outcome = RetryOutcome(status ?? .success)
        return Stopwatch.perUnit {
            for _ in 0..<count {
                var session = RetrySession(policy: .standard, deadline: now + .seconds(60))
                session.begin(isIdempotent: true)
                keep(session.decide(after: outcome, at: now, chance: .init(backOff: 0.5, spread: 0.5)))
            }
            return count
        }
    }
}
