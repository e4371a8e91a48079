import ContrailBase
import CoreMetrics

/// The instruments of one metrics backend, each made when it is first needed: looking one up is cheaper than making it.
///
/// Durations are timers and not recorders of seconds: backends know what unit a timer has, and bucket it rightly.
final class MetricInstruments: Sendable {
    private let factory: any MetricsFactory
    private let timers = Locked(SeriesTable<CoreMetrics.Timer>())
    private let counters = Locked(SeriesTable<Counter>())
    private let meters = Locked(SeriesTable<Meter>())
    private let recorders = Locked(SeriesTable<Recorder>())

    init(_ factory: any MetricsFactory) { self.factory = factory }

    func record(_ duration: Duration, _ series: MetricSeries) {
        let timer = Self.instrument(timers, series) { name, dimensions in
            Timer(label: name, dimensions: dimensions, preferredDisplayUnit: .seconds, factory: factory)
        }
        timer.recordNanoseconds(max(0, duration.wholeNanoseconds))
    }

    func record(bytes: Int64, _ series: MetricSeries) {
        let recorder = Self.instrument(recorders, series) { name, dimensions in
            Recorder(label: name, dimensions: dimensions, aggregate: true, factory: factory)
        }
        recorder.record(bytes)
    }

    func count(_ series: MetricSeries, by amount: Int = 1) {
        let counter = Self.instrument(counters, series) { name, dimensions in
            Counter(label: name, dimensions: dimensions, factory: factory)
        }
        counter.increment(by: amount)
    }

    func meter(_ series: MetricSeries) -> Meter {
        Self.instrument(meters, series) { name, dimensions in
            Meter(label: name, dimensions: dimensions, factory: factory)
        }
    }

    /// Made outside the lock: the backend's code is not ours.
    private static func instrument<Instrument: Sendable>(
        _ table: borrowing Locked<SeriesTable<Instrument>>, _ series: MetricSeries,
        _ make: (_ name: String, _ dimensions: [(String, String)]) -> Instrument
    ) -> Instrument {
        switch table.withLock({ $0.find(series) }) {
        case .instrument(let instrument): return instrument
        case .missing(let series):
            let made = make(series.name.rawValue, series.dimensions)
            return table.withLock { $0.keep(made, for: series) }
        }
    }
}

/// The instruments of the process, by backend: all clients share them, as backends expect one of each.
final class MetricBackends: Sendable {
    static let shared = MetricBackends()

    private struct Entry {
        let instruments: MetricInstruments
        /// Held, so that its address is nobody else's.
        let factory: any MetricsFactory
    }

    private static let maxBackends = 16
    private let entries = Locked(LRUTable<ObjectIdentifier, Entry>(capacity: maxBackends))

    /// Those of `explicit`, else of the backend in charge; `nil` if there is none.
    func instruments(_ explicit: (any MetricsFactory)?) -> MetricInstruments? {
        let factory = explicit ?? MetricsSystem.factory
        guard type(of: factory) != NOOPMetricsHandler.self else { return nil }
        return entries.withLock { entries in
            entries.update(
                Self.identity(factory), initial: Entry(instruments: MetricInstruments(factory), factory: factory)
            ) { $0.instruments }
        }
    }

    /// Of the bootstrapped backend: threads of ours know no other.
    static func recordTaskDelay(_ delay: Duration) {
        shared.instruments(nil)?.record(delay, MetricSeries(.taskDelay))
    }

    /// A factory that is no object is the same as all of its type.
    private static func identity(_ factory: any MetricsFactory) -> ObjectIdentifier {
        guard type(of: factory) is AnyClass else { return ObjectIdentifier(type(of: factory)) }
        return ObjectIdentifier(factory as AnyObject)
    }
}
