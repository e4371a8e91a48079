import ContrailTelemetry

enum Samples {
    static func span(
        name: String = "GET", scope: String = "test", attributes: [Telemetry.Attribute] = []
    ) -> Telemetry.SpanData {
        var span = Telemetry.SpanData(
            context: context(1), name: name, startNanoseconds: 1_000, endNanoseconds: 2_000,
            scope: Telemetry.Scope(name: scope))
        span.attributes = attributes
        return span
    }

    static func context(_ id: UInt64) -> Telemetry.SpanContext {
        guard let trace = Telemetry.TraceID(high: 0x0102_0304_0506_0708, low: id), let span = Telemetry.SpanID(id)
        else {
            fatalError("an id of a sample is zero")
        }
        return Telemetry.SpanContext(traceID: trace, spanID: span, flags: .sampled)
    }

    /// An array in an array in an array …
    static func nested(depth: Int) -> Telemetry.AttributeValue {
        var value = Telemetry.AttributeValue.int(7)
        for _ in 0..<depth { value = .array([value]) }
        return value
    }

    /// A map in a map in a map …
    static func nestedMap(depth: Int) -> Telemetry.AttributeValue {
        var value = Telemetry.AttributeValue.int(7)
        for _ in 0..<depth { value = .map([Telemetry.Attribute("k", value)]) }
        return value
    }

    /// How many containers stand inside one another.
    static func depth(of value: Telemetry.AttributeValue) -> Int {
        switch value {
        case .array(let values): 1 + (values.map(depth).max() ?? 0)
        case .map(let entries): 1 + (entries.map { depth(of: $0.value) }.max() ?? 0)
        default: 0
        }
    }
}
