import Contrail
import ContrailTelemetry

/// What all measure with: the span of an HTTP request.
enum Sample {
    static let url = "https://api.example.com/v1/items/4711?expand=prices&page=3"
    static let context = Telemetry.SpanContext(
        traceID: Telemetry.TraceID(bits: 0x4bf9_2f35_77b3_4da6, 0xa3ce_929d_0e0e_4736),
        spanID: Telemetry.SpanID(bits: 0x00f0_67aa_0ba9_02b7), flags: [.sampled, .random])
    static let scope = Telemetry.Scope(name: "bench", version: "1")

    static func attributes(_ index: Int) -> [Telemetry.Attribute] {
        [
            .init("http.request.method", .string("GET")), .init("url.full", .string(url)),
            .init("server.address", .string("api.example.com")), .init("server.port", .int(443)),
            .init("url.scheme", .string("https")), .init("network.protocol.version", .string("1.1")),
            .init("network.peer.address", .string("192.0.2.17")), .init("network.peer.port", .int(443)),
            .init("http.response.status_code", .int(200)), .init("http.request.resend_count", .int(Int64(index))),
        ]
    }

    /// Ten attributes and four events.
    static func span(_ index: Int) -> Telemetry.SpanData {
        var span = Telemetry.SpanData(
            context: context, name: "GET", startNanoseconds: 1_790_000_000_000_000_000,
            endNanoseconds: 1_790_000_000_004_000_000, scope: scope)
        span.parentSpanID = context.spanID
        span.kind = Telemetry.SpanData.Kind.client
        span.attributes = attributes(index)
        span.events = ["dns", "connect", "tls", "first byte"].map {
            Telemetry.SpanData.Event(name: $0, nanoseconds: 1_790_000_000_001_000_000, attributes: [])
        }
        return span
    }

    static let batch = (0..<512).map(span)
}
