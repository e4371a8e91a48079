public import Tracing

extension ServiceContext {
    /// The span that new spans become children of, or that a request carries on; `nil` if there is none.
    ///
    /// Setting it makes the context's active span, if there was one, unreachable through this context.
    /// Cost: one dictionary look-up to read it, a copy of the dictionary to set it.
    public var spanContext: Telemetry.SpanContext? {
        get {
            switch self[SpanContextKey.self] {
            case .span(let span): span.spanContext
            case .context(let box): box.spanContext
            case nil: nil
            }
        }
        set { self[SpanContextKey.self] = newValue.map { .context(SpanContextBox($0)) } }
    }

    /// The span itself, as long as it is of this process and recording.
    var recordingSpan: Telemetry.Span? {
        guard case .span(let span) = self[SpanContextKey.self], span.isRecording else { return nil }
        return span
    }
}

/// One key for both, so that a context has one current span and finding it takes one look-up.
enum SpanContextKey: ServiceContextKey {
    typealias Value = Entry

    static var nameOverride: String? { "opentelemetry-span" }

    /// One reference wide on purpose: it fits into the context's storage without an allocation of its own.
    enum Entry: Sendable {
        /// A recording span of this process.
        case span(Telemetry.Span)
        /// A span of another process, or one that records nothing.
        case context(SpanContextBox)
    }
}

/// A span context behind one reference.
final class SpanContextBox: Sendable {
    let spanContext: Telemetry.SpanContext
    init(_ spanContext: Telemetry.SpanContext) { self.spanContext = spanContext }
}
