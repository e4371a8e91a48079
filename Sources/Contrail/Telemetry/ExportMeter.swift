import ContrailBase
import ContrailTelemetry
import CoreMetrics

/// What the SDK measures of itself: one exporter, and the queue before it (semantic conventions 1.44, "OpenTelemetry SDK
/// metrics"; development).
///
/// Written when an export begins and ends, and at the shutdown: costs nothing per span, and wakes nobody up.
final class ExportMeter: Sendable {
    /// Which ones, as `otel.component.…` says it.
    struct Components: Sendable {
        var exporter: [MetricSeries.OwnAttribute]
        var processor: [MetricSeries.OwnAttribute]
        var server: ServerAddress?
    }

    private struct Drops {
        var queueFull = 0
        var afterShutdown = 0
    }

    private let components: Components
    private let queueCapacity: Int
    private let factory: (any MetricsFactory)?
    private let time: any TimeSource
    private let toldDrops = Locked(Drops())
    private let counts = Locked<(@Sendable () -> Telemetry.SpanCounts?)?>(nil)

    init(_ components: Components, queueCapacity: Int, factory: (any MetricsFactory)?, time: any TimeSource) {
        self.components = components
        self.queueCapacity = queueCapacity
        self.factory = factory
        self.time = time
    }

    /// Names the queue, which is made after its exporter.
    func watch(_ counts: @escaping @Sendable () -> Telemetry.SpanCounts?) { self.counts.withLock { $0 = counts } }

    /// Runs `export`, of so many spans, and measures it.
    func measured(
        _ spans: Int, _ export: () async -> Telemetry.ExportResult
    ) async -> Telemetry.ExportResult {
        // Whoever counted what is in flight up counts it down.
        guard let instruments else { return await export() }
        let start = time.now
        instruments.count(ofProcessor(.spansProcessed), by: spans)
        let inFlight = instruments.meter(ofExporter(.spansInFlight))
        inFlight.increment(by: Double(spans))
        measureQueue(instruments, inFlight: spans)
        let result = await export()
        inFlight.decrement(by: Double(spans))
        count(result, of: spans, instruments)
        let isFailure = result.acknowledged == 0 && spans > 0
        instruments.record(
            time.now - start, ofExporter(.exportDuration, errorType: isFailure ? Self.otherError : nil))
        return result
    }

    /// Writes what the last export could not know: what was dropped since.
    func close() { if let instruments { measureQueue(instruments, inFlight: 0) } }

    private static let otherError = "_OTHER"

    private var instruments: MetricInstruments? { MetricBackends.shared.instruments(factory) }

    private func count(_ result: Telemetry.ExportResult, of spans: Int, _ instruments: MetricInstruments) {
        let exported = min(max(0, result.acknowledged), spans)
        if exported > 0 { instruments.count(ofExporter(.spansExported), by: exported) }
        guard exported < spans else { return }
        // Refused in part by a receiver that has the rest: that is what OTLP calls a partial success.
        let isPartial = exported > 0 && result.dropped > 0
        let series = ofExporter(.spansExported, errorType: isPartial ? "rejected" : Self.otherError)
        instruments.count(series, by: spans - exported)
    }

    /// The queue as it is, and the drops that have not been told yet.
    private func measureQueue(_ instruments: MetricInstruments, inFlight: Int) {
        guard let counts = counts.withLock({ $0 })?() else { return }
        instruments.meter(ofProcessor(.queueCapacity)).set(queueCapacity)
        instruments.meter(ofProcessor(.queueSize)).set(max(0, counts.pending - inFlight))
        let new = toldDrops.withLock { told in
            defer { told = Drops(queueFull: counts.droppedQueueFull, afterShutdown: counts.droppedAfterShutdown) }
            return Drops(
                queueFull: counts.droppedQueueFull - told.queueFull,
                afterShutdown: counts.droppedAfterShutdown - told.afterShutdown)
        }
        for (drops, errorType) in [(new.queueFull, "queue_full"), (new.afterShutdown, "already_shutdown")]
        where drops > 0 {
            instruments.count(ofProcessor(.spansProcessed, errorType: errorType), by: drops)
        }
    }

    private func ofExporter(_ name: MetricName, errorType: String? = nil) -> MetricSeries {
        var series = MetricSeries(name, components.server)
        series.own = components.exporter
        series.errorType = errorType
        return series
    }

    private func ofProcessor(_ name: MetricName, errorType: String? = nil) -> MetricSeries {
        var series = MetricSeries(name)
        series.own = components.processor
        series.errorType = errorType
        return series
    }
}

/// Numbers the components of each type, from 0, in the order they are made.
struct ComponentNumbers {
    private var made: [String: Int] = [:]

    mutating func next(_ type: String) -> [MetricSeries.OwnAttribute] {
        let number = made[type, default: 0]
        made[type] = number + 1
        return [
            .init(key: "otel.component.name", value: "\(type)/\(number)"),
            .init(key: "otel.component.type", value: type),
        ]
    }
}
