import ContrailBase

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How long answers take: counts in buckets that grow by an eighth of a power of two, over the last 30 to 60 s.
struct LatencyHistogram {
    /// Fewer answers say nothing about a percentile.
    static let minSamples = 100
    private static let bucketsPerDoubling = 8
    /// 2^27 µs: two minutes. Longer ones are in the last bucket.
    private static let bucketCount = 27 * bucketsPerDoubling
    private static let halfWindow = Duration.seconds(30)

    private var current = [Int32](repeating: 0, count: bucketCount)
    private var previous = [Int32](repeating: 0, count: bucketCount)
    private var currentStart: MonotonicInstant?

    mutating func record(_ latency: Duration, at now: MonotonicInstant) {
        rotate(at: now)
        let bucket = Self.bucket(latency)
        if current[bucket] < .max { current[bucket] += 1 }
    }

    /// The upper end of the bucket that `share` of the answers do not exceed. `nil` if too few are known, or if that is
    /// longer than can be told.
    mutating func percentile(_ share: Double, at now: MonotonicInstant) -> Duration? {
        rotate(at: now)
        let total = zip(current, previous).reduce(0) { $0 + Int($1.0) + Int($1.1) }
        guard total >= Self.minSamples else { return nil }
        var rest = (Double(total) * min(max(share, 0), 1)).rounded(.up)
        for bucket in 0..<Self.bucketCount - 1 {
            rest -= Double(current[bucket]) + Double(previous[bucket])
            if rest <= 0 { return Self.upperEnd(bucket) }
        }
        return nil
    }

    private static func bucket(_ latency: Duration) -> Int {
        let microseconds = max(latency.inSeconds * 1e6, 1)
        return min(Int((log2(microseconds) * Double(bucketsPerDoubling)).rounded(.down)), bucketCount - 1)
    }

    private static func upperEnd(_ bucket: Int) -> Duration {
        .nanoseconds(Int64(exp2(Double(bucket + 1) / Double(bucketsPerDoubling)) * 1000))
    }

    private mutating func rotate(at now: MonotonicInstant) {
        guard let start = currentStart else { return currentStart = now }
        let age = now - start
        guard age >= Self.halfWindow else { return }
        previous = age < Self.halfWindow * 2 ? current : previous.map { _ in 0 }
        current = current.map { _ in 0 }
        currentStart = now
    }
}
