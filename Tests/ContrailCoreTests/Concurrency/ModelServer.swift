import ContrailBase
import ContrailTesting
import HeapModule

@testable import ContrailCore

/// A server in virtual time that works on so many requests at once and queues the rest, and clients that always want more
/// than they may send: what comes of a limit, in requests per second and in time per request.
struct ModelServer {
    enum ServiceTime {
        case constant, exponential
        /// Fast nine times in ten, else ten times as slow.
        case bimodal
    }

    struct Result {
        var goodput: Double
        var p99: Double
        var meanLimit: Double
    }

    private struct Departure: Comparable {
        let at: Int64
        let start: Int64
        static func < (a: Self, b: Self) -> Bool { a.at < b.at }
    }

    var capacity = 50
    /// Beyond this many in its queue the server refuses; `nil`: never.
    var maxQueued: Int?
    let meanMilliseconds: Double
    let serviceTime: ServiceTime
    private let random: SeededRandom
    private var now: Int64 = 0
    private var departures = Heap<Departure>()
    private var queue: [Int64] = []
    private var queueHead = 0

    init(_ serviceTime: ServiceTime, meanMilliseconds: Double = 50, seed: UInt64 = 1) {
        self.serviceTime = serviceTime
        self.meanMilliseconds = meanMilliseconds
        random = SeededRandom(seed: seed)
    }

    private var underWay: Int { departures.count + queue.count - queueHead }

    /// Runs for `seconds`; `limit` says how many may be under way and hears how each ended.
    mutating func run(seconds: Double, limit: inout AdaptiveLimit?, fixed: Int = 0) -> Result {
        let begin = now
        let end = now + Int64(seconds * 1e9)
        var latencies: [Double] = []
        var limits = 0.0
        while now < end {
            let allowed = limit?.limit ?? fixed
            while underWay < allowed, arrive(&limit) {}
            guard let next = departures.popMin() else { break }
            now = next.at
            let latency = Duration.nanoseconds(next.at - next.start)
            latencies.append(latency.inSeconds)
            limits += Double(allowed)
            limit?.note(
                latency: latency, isOverload: false, underWay: underWay + 1,
                at: instant(now))
            if queueHead < queue.count, departures.count < capacity { serveNext() }
        }
        latencies.sort()
        let duration = Double(now - begin) / 1e9
        return Result(
            goodput: Double(latencies.count) / duration, p99: latencies[latencies.count * 99 / 100],
            meanLimit: limits / Double(latencies.count))
    }

    /// False if the server refused: then there is no use in sending more at this moment.
    private mutating func arrive(_ limit: inout AdaptiveLimit?) -> Bool {
        if let maxQueued, queue.count - queueHead >= maxQueued, departures.count >= capacity {
            limit?.note(latency: nil, isOverload: true, underWay: underWay + 1, at: instant(now))
            return false
        }
        queue.append(now)
        if departures.count < capacity { serveNext() }
        return true
    }

    private mutating func serveNext() {
        let start = queue[queueHead]
        queueHead += 1
        if queueHead > 4_096 {
            queue.removeFirst(queueHead)
            queueHead = 0
        }
        departures.insert(Departure(at: now + Int64(service() * 1e6), start: start))
    }

    private func service() -> Double {
        let unit = random.unit()
        switch serviceTime {
        case .constant: return meanMilliseconds * (0.95 + 0.1 * unit)
        case .exponential:
            // An exponential from a uniform number, without a logarithm: the sum of halvings.
            var (rest, steps) = (max(unit, 1e-9), 0.0)
            while rest < 0.5 {
                rest *= 2
                steps += 1
            }
            // -ln(u) = steps · ln 2 - ln(rest), with rest in 0.5 ..< 1
            let x = 1 - rest
            return meanMilliseconds * (steps * 0.693_147 + x + x * x / 2 + x * x * x / 3 + x * x * x * x / 3)
        case .bimodal: return meanMilliseconds * (unit < 0.9 ? 1 : 10) / 1.9
        }
    }

    private func instant(_ nanoseconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds) }
}
