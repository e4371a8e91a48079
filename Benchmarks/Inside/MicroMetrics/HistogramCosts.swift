import ContrailCore
import CoreMetrics
import HTTPTypes
import MicroKit

/// A duration recorded through swift-metrics, as after every send: the instrument looked up by its attributes, then told.
/// The backend does nothing.
///
/// Compiled with the sources it measures, which no other package sees.
public enum HistogramCosts {
    private static let count = 50_000

    /// Name and CPU nanoseconds.
    public static func all() -> [(String, Double)] {
        guard let origin = try? RequestURL("https://api.example.com/").origin else { return [] }
        let instruments = MetricInstruments(Silent())
        let address = ServerAddress(origin, [:])
        let cost = Stopwatch.perUnit {
            for index in 0..<count {
                var series = MetricSeries(.requestDuration, address)
                series.method = "GET"
                series.status = index % 16 == 0 ? 503 : 200
                series.protocolVersion = "1.1"
                instruments.record(.microseconds(index), series)
            }
            return count
        }
        return [("histogram record", cost)]
    }

    private struct Silent: MetricsFactory {
        func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
            NOOPMetricsHandler.instance
        }
        func makeRecorder(
            label: String, dimensions: [(String, String)], aggregate: Bool
        ) -> any RecorderHandler { NOOPMetricsHandler.instance }
        func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
            NOOPMetricsHandler.instance
        }
        func destroyCounter(_ handler: any CounterHandler) {}
        func destroyRecorder(_ handler: any RecorderHandler) {}
        func destroyTimer(_ handler: any TimerHandler) {}
    }
}
