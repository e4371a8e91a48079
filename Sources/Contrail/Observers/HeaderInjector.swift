import ContrailTelemetry
import HTTPTypes
import Tracing

/// Writes header fields for propagators: replaces, never adds.
struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout HTTPFields) {
        guard let name = HTTPField.Name(key) else { return }
        headers[name] = value
    }

    /// The native path: two known names, no lookup of others.
    static func inject(_ context: Telemetry.SpanContext, into headers: inout HTTPFields) {
        if let name = traceparent { headers[name] = context.traceparent }
        if let name = tracestate { headers[name] = context.traceState.isEmpty ? nil : context.traceState }
    }

    static func removeTraceContext(from headers: inout HTTPFields) {
        if let name = traceparent { headers[name] = nil }
        if let name = tracestate { headers[name] = nil }
    }

    private static let traceparent = HTTPField.Name("traceparent")
    private static let tracestate = HTTPField.Name("tracestate")
}
