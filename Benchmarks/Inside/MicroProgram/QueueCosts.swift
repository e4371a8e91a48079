import Contrail
import MicroKit

/// Ended spans into the queue of the batch processor and, as batches, into an exporter that does nothing.
enum QueueCosts {
    private static let count = 50_000

    static func all() async -> [(String, Double)] {
        let exporter = Counting()
        let processor = Telemetry.BatchSpanProcessor(
            exporter: exporter, resource: Telemetry.Resource(), settings: .init(maxQueueSize: 2 * count))
        let spans = Sample.batch
        let cost = await Stopwatch.perUnit {
            for index in 0..<count { processor.onEnd(spans[index % spans.count]) }
            _ = await processor.forceFlush(timeout: .seconds(30))
            return count
        }
        let counts = processor.counts
        _ = await processor.shutdown(timeout: .seconds(5))
        // A queue that drops is cheap.
        return [("batch enqueue and hand-over", counts.acknowledged == counts.ended ? cost : .nan)]
    }

    private struct Counting: Telemetry.SpanExporter {
        func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
            .init(acknowledged: spans.count)
        }
        func shutdown() async {}
    }
}
