import ContrailTelemetry
import HTTPTypes
import Tracing

/// Writes header fields for propagators: replaces, never adds.
struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout HTTPFields) {
        guard let name = HTTPField.Name(key) else { return }
        headers[name] = value
    }

    /// The native path: three known names, no lookup of others.
    static func inject(_ context: Telemetry.SpanContext, baggage: String?, into headers: inout HTTPFields) {
        if let name = traceparent { set(context.traceparent, name, in: &headers) }
        if let name = tracestate { set(context.traceStateHeader, name, in: &headers) }
        // A header that the program set by hand stays, where there is no baggage to take its place.
        if let name = Self.baggage, let baggage { headers[name] = baggage }
    }

    /// Nearly always there is none to replace, and to look is a fifth of what replacing costs.
    private static func set(_ value: String?, _ name: HTTPField.Name, in headers: inout HTTPFields) {
        let length = name.canonicalName.utf8.count
        let isThere = headers.contains { field in
            field.name.canonicalName.utf8.count == length && field.name == name
        }
        if isThere {
            headers[name] = value
        } else if let value {
            headers.append(HTTPField(name: name, value: value))
        }
    }

    /// Makes room for a propagator.
    static func remove(_ fields: [String], keepingBaggage: Bool, from headers: inout HTTPFields) {
        for field in fields where !(keepingBaggage && field == "baggage") {
            if let name = HTTPField.Name(field) { headers[name] = nil }
        }
    }

    static func removeTraceContext(from headers: inout HTTPFields) {
        if let name = traceparent { headers[name] = nil }
        if let name = tracestate { headers[name] = nil }
    }

    private static let traceparent = HTTPField.Name("traceparent")
    private static let tracestate = HTTPField.Name("tracestate")
    private static let baggage = HTTPField.Name("baggage")
}
