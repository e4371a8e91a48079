extension Telemetry {
    /// What became of the spans that a processor was handed for export.
    ///
    /// At every moment `ended` is the sum of all the others: no span is lost without being counted.
    public struct SpanCounts: Sendable, Hashable {
        /// Sampled spans that ended.
        public var ended = 0
        /// The receiver has them, and said so.
        public var acknowledged = 0
        /// Lost because the queue was full (`queue_full` in OTel's terms).
        public var droppedQueueFull = 0
        /// Lost because they ended after the shutdown, or still waited when its time ran out (`already_shutdown`).
        public var droppedAfterShutdown = 0
        /// Lost for certain by the exporter: refused by the receiver, or never sent.
        public var droppedByExporter = 0
        /// Sent and never answered: the receiver may have them.
        public var unknown = 0
        /// Still waiting, or being sent.
        public var pending = 0

        /// All zero.
        public init() {}

        /// Those of which nobody can say that they arrived.
        public var lost: Int { droppedQueueFull + droppedAfterShutdown + droppedByExporter + unknown }
    }
}
