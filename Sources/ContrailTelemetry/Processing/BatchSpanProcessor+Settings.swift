extension Telemetry.BatchSpanProcessor {
    /// The sizes and times of a batch processor.
    public struct Settings: Sendable, Hashable {
        /// How long a span waits at most before its export starts. Default 5 s.
        public var scheduleDelay: Duration
        /// Spans per export; an export starts when so many wait. Default 512. At least 1, at most the queue's size.
        public var maxBatchSize: Int
        /// Spans that may wait, those being exported aside; when so many do, new ones are dropped and counted.
        /// Default 16,384, at least 1.
        ///
        /// The specification's default is 2,048. A client that makes 20,000 spans per second fills that in a tenth of a
        /// second, less than one slow answer of a collector; 16,384 bridge 0.8 s of it. A span in the queue takes about
        /// 1 kB, so the most that the queue holds is some 16 MB, and only while a collector stalls.
        public var maxQueueSize: Int
        /// How long one export may take; then it is cancelled. Default 30 s.
        public var exportTimeout: Duration

        /// Settings; those not given have their defaults.
        public init(
            scheduleDelay: Duration = .seconds(5), maxBatchSize: Int = 512, maxQueueSize: Int = 16_384,
            exportTimeout: Duration = .seconds(30)
        ) {
            self.scheduleDelay = scheduleDelay
            self.maxBatchSize = maxBatchSize
            self.maxQueueSize = maxQueueSize
            self.exportTimeout = exportTimeout
        }
    }
}
