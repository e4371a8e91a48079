public import ContrailBase
import Synchronization

extension Telemetry {
    /// Samples at most so many spans per second, the first ones. As the root of a ``ParentBasedSampler`` it limits traces.
    ///
    /// It keeps one number, which is only written when a span is sampled: no lock, and no contention beyond the rate.
    /// Several processes each have a rate of their own, and none of them knows the share of all that it kept.
    public final class RateLimitingSampler: Sampler {
        private let spansPerSecond: Double
        private let pace: SamplingPace
        private let time: any TimeSource
        private let state: Atomic<Int64>

        /// Makes a sampler. A burst of at most one second's spans is let through at once.
        ///
        /// - Parameters:
        ///   - spansPerSecond: the rate, fractions allowed: 0.1 is one span in ten seconds. Not above zero, or not a
        ///     number: none.
        ///   - time: the clock. Default: the machine's.
        public init(spansPerSecond: Double, time: any TimeSource = SystemTime()) {
            self.spansPerSecond = spansPerSecond > 0 ? spansPerSecond : 0
            pace = SamplingPace(perSecond: self.spansPerSecond)
            self.time = time
            state = Atomic(.min)
        }

        /// Record and sample while the rate lasts, else drop.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult {
            SamplingResult(take(at: time.now.nanoseconds) ? .recordAndSample : .drop)
        }

        /// `RateLimitingSampler{10.0}`.
        public var description: String { "RateLimitingSampler{\(spansPerSecond)}" }

        private func take(at now: Int64) -> Bool {
            var seen = state.load(ordering: .relaxed)
            while let next = pace.taking(from: seen, at: now) {
                let (exchanged, original) = state.weakCompareExchange(
                    expected: seen, desired: next, ordering: .relaxed)
                if exchanged { return true }
                seen = original
            }
            return false
        }
    }
}

/// A token bucket that is one number: when the bucket will be full again (the "generic cell rate algorithm").
struct SamplingPace: Sendable {
    /// Nanoseconds that one token takes to come back; `nil`: there are none.
    private let interval: Int64?
    /// How far in the future the bucket's being full may lie, before a token is taken.
    private let tolerance: Int64

    private static let second: Int64 = 1_000_000_000

    init(perSecond rate: Double) {
        guard rate > 0 else {
            interval = nil
            tolerance = 0
            return
        }
        // A century per span is none, and keeps the sums below within their range.
        let interval = Int64(min(max((Double(Self.second) / rate).rounded(), 1), 3e18))
        self.interval = interval
        tolerance = max(0, Self.second - interval)
    }

    /// The state after a token was taken; `nil` if none is there.
    func taking(from state: Int64, at now: Int64) -> Int64? {
        guard let interval else { return nil }
        let start = max(state, now)
        guard start <= now.addingSaturated(tolerance) else { return nil }
        return start.addingSaturated(interval)
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
