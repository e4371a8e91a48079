extension Telemetry {
    /// Sees recorded spans start and end (OTel Trace SDK, "Span processor").
    ///
    /// `onStart` and `onEnd` run on the caller's thread: they must neither block nor fail.
    public protocol SpanProcessor: Sendable {
        /// A span started. It can still be written to.
        func onStart(_ span: Span, parent: SpanContext?)
        /// A span ended; also those that are recorded but not sampled.
        func onEnd(_ span: SpanData)
        /// Has everything exported that ended before this call. `timeout` bounds it; cancellation does not end it.
        func forceFlush(timeout: Duration) async -> FlushResult
        /// Exports what is pending, then ends. What comes afterwards is ignored. Idempotent.
        /// `timeout` bounds it; cancellation does not end it.
        func shutdown(timeout: Duration) async -> FlushResult
    }
}
