public import Tracing

extension Telemetry {
    /// Sees recorded spans start and end (OTel Trace SDK, "Span processor").
    ///
    /// `onStart` and `onEnd` run on the caller's thread, one processor after the other in the order in which the provider
    /// was given them: they must neither block nor fail. All methods may be called from any thread.
    public protocol SpanProcessor: Sendable {
        /// A span started; it can be written to. `context` is where it started: the parent, if there is one, the baggage
        /// and whatever else travels.
        func onStart(_ span: Span, in context: ServiceContext)
        /// A span ended; also those that are recorded but not sampled.
        func onEnd(_ span: SpanData)
        /// Has everything exported that ended before this call. `timeout` bounds it; cancellation does not end it.
        func forceFlush(timeout: Duration) async -> FlushResult
        /// Exports what is pending, then ends. What comes afterwards is ignored. Idempotent.
        /// `timeout` bounds it; cancellation does not end it.
        func shutdown(timeout: Duration) async -> FlushResult
    }
    /// A processor that changes spans when they end, before any processor sees them as ended (OTel Trace SDK, "OnEnding").
    public protocol SpanEndingProcessor: SpanProcessor {
        /// A span is ending: its times are settled, and only this call can still write to it. Runs on the caller's
        /// thread, in the order of the processors: must neither block nor fail.
        func onEnding(_ span: inout EndingSpan)
    }
}
