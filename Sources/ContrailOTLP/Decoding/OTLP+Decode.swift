import CContrailOTLP
package import ContrailBase
import ContrailTelemetry

extension OTLP {
    /// The spans of a trace export. Never traps, whatever the bytes are.
    ///
    /// Bytes that are no such message are an error. A span without usable ids is left out and counted.
    package static func decode(
        _ bytes: ByteChunk, limits: DecodingLimits = DecodingLimits()
    ) throws(DecodingError) -> TraceData {
        try unsafe unpack(bytes, contrail_otlp_trace_service__export_trace_service_request__init, limits: limits) {
            request throws(DecodingError) in
            var reader = SpanReader()
            var data = TraceData()
            for index in 0..<(unsafe request.pointee.n_resource_spans) {
                guard let resource = unsafe request.pointee.resource_spans[index] else { continue }
                data.resourceSpans.append(try unsafe reader.resourceSpans(resource))
            }
            data.rejectedSpans = reader.rejected
            data.remark = reader.values.remark
            return data
        }
    }
}

extension OTLP {
    /// Throws unless the bytes are a request of this signal. Its texts are not read.
    package static func check(
        _ bytes: ByteChunk, _ signal: Signal, limits: DecodingLimits = DecodingLimits()
    ) throws(DecodingError) {
        switch signal {
        case .traces:
            try unsafe check(bytes, contrail_otlp_trace_service__export_trace_service_request__init, limits)
        case .metrics:
            try unsafe check(bytes, contrail_otlp_metrics_service__export_metrics_service_request__init, limits)
        case .logs:
            try unsafe check(bytes, contrail_otlp_logs_service__export_logs_service_request__init, limits)
        }
    }

    // SAFETY: the tree is not looked at.
    private static func check<Message>(
        _ bytes: ByteChunk, _ initialize: WireInitializer<Message>, _ limits: DecodingLimits
    ) throws(DecodingError) {
        try unsafe unpack(bytes, initialize, limits: limits) { _ throws(DecodingError) in }
    }
}

// SAFETY: pointers and counts come from one unpacked tree, which outlives the reader; everything is copied.
extension SpanReader {
    fileprivate mutating func resourceSpans(
        _ message: UnsafeMutablePointer<WireResourceSpans>
    ) throws(OTLP.DecodingError) -> OTLP.ResourceSpans {
        var resource = Telemetry.Resource(schemaURL: try unsafe values.text(message.pointee.schema_url))
        if let read = unsafe message.pointee.resource {
            resource.attributes = try unsafe values.attributes(
                read.pointee.attributes, count: read.pointee.n_attributes)
        }
        var spans: [Telemetry.SpanData] = []
        for index in 0..<(unsafe message.pointee.n_scope_spans) {
            guard let group = unsafe message.pointee.scope_spans[index] else { continue }
            let scope = try unsafe scope(group)
            unsafe spans.reserveCapacity(spans.count + group.pointee.n_spans)
            for index in 0..<(unsafe group.pointee.n_spans) {
                guard let span = unsafe group.pointee.spans[index] else { continue }
                if let read = try unsafe self.span(span, scope: scope) { spans.append(read) }
            }
        }
        return OTLP.ResourceSpans(resource: resource, spans: spans)
    }

    private mutating func scope(
        _ group: UnsafeMutablePointer<WireScopeSpans>
    ) throws(OTLP.DecodingError) -> Telemetry.Scope {
        let schemaURL = try unsafe values.text(group.pointee.schema_url)
        guard let scope = unsafe group.pointee.scope else { return Telemetry.Scope(name: "", schemaURL: schemaURL) }
        return Telemetry.Scope(
            name: try unsafe values.text(scope.pointee.name), version: try unsafe values.text(scope.pointee.version),
            schemaURL: schemaURL,
            attributes: try unsafe values.attributes(scope.pointee.attributes, count: scope.pointee.n_attributes))
    }
}
