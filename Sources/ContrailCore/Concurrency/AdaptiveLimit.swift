import ContrailBase

/// Finds by itself how many sends an origin can take at once. Off unless set.
///
/// The limit follows from measured times to first byte: as long as they stay near those of an unloaded origin it grows, when
/// they rise it shrinks to what the origin works on at once, plus a small queue. Why this algorithm: docs/decisions.
public struct AdaptiveConcurrency: Sendable, Hashable {
    /// The limit to begin with. Default 20.
    public var initial = 20
    /// The smallest limit; at least 1. Default 1.
    public var min = 1
    /// The largest limit, up to 1,000,000. Default 200. ``ConcurrencyLimits/maxPerOrigin`` does not apply.
    public var max = 200
    /// How far times may rise above the unloaded ones and count as equal, 1 to 1,000. Default 1.1.
    public var tolerance = 1.1
    /// The shortest time over which times are averaged. Default 1 s.
    public var window: Duration = .seconds(1)
    /// How often the unloaded time is measured anew, by a moment at half the limit. Default 30 s.
    public var probeInterval: Duration = .seconds(30)

    /// The defaults.
    public init() {}

    /// More than any origin takes; it keeps the arithmetic far from its ends.
    package static let largest = 1_000_000

    /// From 1 to 200, beginning with 20.
    public static let standard = AdaptiveConcurrency()
}

/// The adaptive limit of one origin. Pure: the caller says what time it is.
///
/// By Little's law the origin works on `limit · unloaded / measured` sends at once; what is above that only queues. So the
/// next limit is that, plus room to grow of its square root; if origins of any distribution of times are not to be
/// misjudged, means have to be compared with means (the law holds for them, not for percentiles or minima).
struct AdaptiveLimit {
    /// Windows with fewer samples say too little; those that end sooner go on.
    private static let minSamples = 50
    /// The share of refusals and time-outs in a window that shrinks the limit, and how much.
    private static let overloadShare = 0.01
    private static let overloadFactor = 0.9
    private static let smoothing = 0.5
    /// Growth without need is none: sends under way have to come near the limit.
    private static let neededShare = 0.8

    private enum Mode {
        case steady
        /// Waiting until no more are under way than the probe allows, …
        case settling
        /// … then until so many more have ended: those that had queued. Only counting sends that began later would favour
        /// the short ones.
        case flushing(Int)
        case probing
    }

    private struct Window {
        var start: MonotonicInstant
        var sum = 0.0
        var sumOfSquares = 0.0
        var samples = 0
        var overloads = 0
        var mostUnderWay = 0

        mutating func add(_ seconds: Double) {
            sum += seconds
            sumOfSquares += seconds * seconds
            samples += 1
        }

        /// `nil` without samples.
        var measurement: Measurement? {
            guard samples > 0 else { return nil }
            let mean = sum / Double(samples)
            let variance = Swift.max(sumOfSquares / Double(samples) - mean * mean, 0)
            return Measurement(mean: mean, error: (variance / Double(samples)).squareRoot())
        }
    }

    /// A mean with its standard error, in seconds: what two windows differ by chance is no reason to act.
    private struct Measurement {
        let mean: Double
        let error: Double
    }

    private let settings: AdaptiveConcurrency
    private var exact: Double
    private var mode = Mode.steady
    private var window: Window
    /// The mean time when the origin is not loaded, in seconds.
    private(set) var unloaded: Double?
    private var nextProbe: MonotonicInstant

    init(_ settings: AdaptiveConcurrency, at now: MonotonicInstant) {
        self.settings = settings
        exact = Double(Swift.max(settings.initial, 1))
        window = Window(start: now)
        nextProbe = now
        exact = clamp(exact)
    }

    /// How many may be under way now.
    var limit: Int {
        switch mode {
        case .steady: Int(exact)
        case .settling, .flushing, .probing: Swift.max(Int(exact / 2), 1)
        }
    }

    /// A send has ended.
    ///
    /// - Parameters:
    ///   - latency: its time to first byte; `nil` if it says nothing (cancelled, failed).
    ///   - isOverload: the origin refused it, or did not answer in time.
    ///   - underWay: sends under way, this one included.
    mutating func note(
        latency: Duration?, isOverload: Bool, underWay: Int, at now: MonotonicInstant
    ) {
        window.mostUnderWay = Swift.max(window.mostUnderWay, underWay)
        settle(underWay, now)
        if isOverload {
            window.overloads += 1
        } else if let latency {
            window.add(latency.inSeconds)
        }
        let length: Duration
        switch mode {
        case .steady: length = settings.window
        case .probing: length = settings.window / 4
        case .settling, .flushing: return
        }
        guard now - window.start >= length, window.samples + window.overloads >= Self.minSamples else { return }
        close(at: now)
    }

    /// On the way into a probe.
    private mutating func settle(_ underWay: Int, _ now: MonotonicInstant) {
        switch mode {
        case .settling where underWay <= limit: mode = .flushing(underWay)
        case .flushing(let left) where left > 0: mode = .flushing(left - 1)
        case .flushing:
            mode = .probing
            window = Window(start: now)
        case .steady, .settling, .probing: break
        }
    }

    private mutating func close(at now: MonotonicInstant) {
        if Double(window.overloads) > Double(window.samples + window.overloads) * Self.overloadShare {
            exact = clamp(exact * Self.overloadFactor)
            mode = .steady
        } else if let measurement = window.measurement {
            switch mode {
            case .steady: adapt(to: measurement)
            case .settling, .flushing: return
            case .probing: endProbe(measurement, now)
            }
        }
        if case .steady = mode, now >= nextProbe {
            mode = .settling
            nextProbe = now + settings.probeInterval
        }
        window = Window(start: now)
    }

    private mutating func adapt(to measured: Measurement) {
        var base = unloaded ?? measured.mean
        // Faster than what was taken for unloaded, beyond chance: it was not, or the origin has become faster.
        if measured.mean + 2 * measured.error < base { base = (base + measured.mean) / 2 }
        unloaded = base
        let surely = Swift.max(measured.mean - measured.error, 1e-9)
        let tolerance = settings.tolerance > 1 ? settings.tolerance : 1
        let gradient = Swift.min(tolerance * base / surely, 1)
        let next = exact * Swift.max(gradient, 0.2) + exact.squareRoot()
        let isNeeded = Double(window.mostUnderWay) >= Double(limit) * Self.neededShare
        guard next < exact || isNeeded else { return }
        exact = clamp(exact + (next - exact) * Self.smoothing)
    }

    /// Much lower is believed at once, and the next probe comes soon: the last one was not unloaded. Anything else moves
    /// the estimate by halves, so that chance does not pull it down.
    private mutating func endProbe(_ measured: Measurement, _ now: MonotonicInstant) {
        mode = .steady
        guard let base = unloaded else { return unloaded = measured.mean }
        if measured.mean + 2 * measured.error < base * 0.8 {
            nextProbe = now + settings.window * 4
            unloaded = measured.mean
        } else {
            unloaded = (base + measured.mean) / 2
        }
    }

    private func clamp(_ value: Double) -> Double {
        let most = AdaptiveConcurrency.largest
        let low = Double(Swift.min(Swift.max(settings.min, 1), most))
        return Swift.min(Swift.max(value, low), Swift.max(Double(Swift.min(settings.max, most)), low))
    }
}
