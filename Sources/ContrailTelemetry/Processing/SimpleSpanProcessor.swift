public import ContrailBase
public import Tracing

extension Telemetry {
    /// Exports every sampled span as soon as it ends, one at a time (OTel Trace SDK, "Simple processor").
    ///
    /// For tests and for exporters that write to a terminal. The caller does not wait for the export: ended spans queue
    /// up, and beyond the queue's size new ones are dropped and counted.
    public final class SimpleSpanProcessor: SpanProcessor {
        private let batches: BatchSpanProcessor

        /// Makes a processor, which owns `exporter` and ends it at its own shutdown. Starts nothing.
        ///
        /// - Parameters:
        ///   - exporter: sends the spans.
        ///   - resource: what produces the spans; the provider's.
        ///   - exportTimeout: how long one export may take; then it is cancelled. Default 30 s.
        ///   - time: the clocks. Default: the machine's.
        public init(
            exporter: any SpanExporter, resource: Resource, exportTimeout: Duration = .seconds(30),
            time: any TimeSource = SystemTime()
        ) {
            // A batch of one is always full, so its export never waits for the delay.
            let settings = BatchSpanProcessor.Settings(maxBatchSize: 1, exportTimeout: exportTimeout)
            batches = BatchSpanProcessor(exporter: exporter, resource: resource, settings: settings, time: time)
        }

        /// What became of the spans so far.
        public var counts: SpanCounts { batches.counts }

        /// Does nothing.
        public func onStart(_ span: Span, in context: ServiceContext) {}

        /// Takes a sampled span for export.
        public func onEnd(_ span: SpanData) { batches.onEnd(span) }

        /// Has everything exported that ended before this call. Cancellation does not end it, `timeout` does.
        public func forceFlush(timeout: Duration) async -> FlushResult { await batches.forceFlush(timeout: timeout) }

        /// Exports what waits, then ends the exporter; once. Cancellation does not end it, `timeout` does.
        public func shutdown(timeout: Duration) async -> FlushResult { await batches.shutdown(timeout: timeout) }
    }
}
