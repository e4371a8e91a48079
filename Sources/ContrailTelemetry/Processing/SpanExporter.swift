extension Telemetry {
    /// Sends ended spans somewhere. `export` is never called twice at the same time (OTel Trace SDK, "Span Exporter").
    public protocol SpanExporter: Sendable {
        /// Sends one batch; returns when its fate is known. Bounded in time; retries are the exporter's own.
        /// On cancellation it returns at once with what is then known.
        func export(_ spans: [SpanData], resource: Resource) async -> ExportResult
        /// Sends on what it may still hold back; called after a processor's own flush. Exporters that hold nothing back need
        /// not have it. `timeout` bounds it. May run beside an export.
        func forceFlush(timeout: Duration) async -> FlushResult
        /// Ends. Whatever is exported afterwards is refused. Idempotent and bounded in time.
        func shutdown() async
    }

    /// The fate of a batch: every span of it is in exactly one of the three counts.
    public struct ExportResult: Sendable, Hashable {
        /// Spans that the receiver said it has.
        public var acknowledged: Int
        /// Spans that are lost for certain: refused, or never sent.
        public var dropped: Int
        /// Spans that were sent and never answered: the receiver may have them.
        public var unknown: Int
        /// What went wrong, in a sentence without secrets; `nil` if nothing did.
        public var problem: String?

        /// A result.
        public init(acknowledged: Int = 0, dropped: Int = 0, unknown: Int = 0, problem: String? = nil) {
            self.acknowledged = acknowledged
            self.dropped = dropped
            self.unknown = unknown
            self.problem = problem
        }
    }
}

extension Telemetry.SpanExporter {
    /// Nothing is held back.
    public func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { .success }
}
