import CContrailOTLP
import ContrailTelemetry

/// Turns unpacked spans into ``Telemetry/SpanData``.
// SAFETY (whole file): pointers and counts come from one unpacked tree, which outlives the reader; everything is
// copied.
struct SpanReader {
    var values = ValueReader()
    private(set) var rejected = 0

    /// The span, or `nil` if it has no usable ids: such a span is counted and left out, the batch is not refused.
    mutating func span(
        _ span: UnsafePointer<WireSpan>, scope: Telemetry.Scope
    ) throws(OTLP.DecodingError) -> Telemetry.SpanData? {
        let flags = unsafe span.pointee.flags
        guard
            let context = try unsafe context(
                trace: span.pointee.trace_id, span: span.pointee.span_id, state: span.pointee.trace_state, flags: flags)
        else { return reject("a span's trace_id or span_id has a wrong length or is zero") }
        var result = Telemetry.SpanData(
            context: context, name: try unsafe values.text(span.pointee.name),
            startNanoseconds: unsafe span.pointee.start_time_unix_nano,
            endNanoseconds: unsafe span.pointee.end_time_unix_nano, scope: scope)
        // The remote bits of a span's flags speak of its parent; of the span itself the wire says nothing.
        result.context.isRemote = false
        result.parentIsRemote = Self.isRemote(flags)
        if unsafe span.pointee.parent_span_id.len > 0 {
            guard let parent = unsafe spanID(span.pointee.parent_span_id) else {
                return reject("a span's parent_span_id has a wrong length or is zero")
            }
            result.parentSpanID = parent
        }
        result.kind = unsafe kind(span.pointee.kind)
        result.attributes = try unsafe values.attributes(span.pointee.attributes, count: span.pointee.n_attributes)
        result.droppedAttributes = unsafe span.pointee.dropped_attributes_count
        result.events = try unsafe events(span)
        result.droppedEvents = unsafe span.pointee.dropped_events_count
        guard let links = try unsafe links(span) else { return reject("a link's ids have a wrong length or are zero") }
        result.links = links
        result.droppedLinks = unsafe span.pointee.dropped_links_count
        result.status = try unsafe status(span.pointee.status)
        return result
    }

    private mutating func reject(_ why: String) -> Telemetry.SpanData? {
        rejected += 1
        values.note(why)
        return nil
    }

    private func context(
        trace: ProtobufCBinaryData, span: ProtobufCBinaryData, state: ProtobufCBinaryData, flags: UInt32
    ) throws(OTLP.DecodingError) -> Telemetry.SpanContext? {
        guard unsafe trace.len == 16, let spanID = unsafe spanID(span) else { return nil }
        let words = unsafe values.bytes(trace)
        guard let traceID = Telemetry.TraceID(high: Self.word(words[..<8]), low: Self.word(words[8...])) else {
            return nil
        }
        return Telemetry.SpanContext(
            traceID: traceID, spanID: spanID, flags: Telemetry.TraceFlags(rawValue: UInt8(truncatingIfNeeded: flags)),
            traceState: try unsafe values.text(state), isRemote: Self.isRemote(flags))
    }

    private func spanID(_ data: ProtobufCBinaryData) -> Telemetry.SpanID? {
        guard unsafe data.len == 8 else { return nil }
        return unsafe Telemetry.SpanID(Self.word(values.bytes(data)[...]))
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func isRemote(_ flags: UInt32) -> Bool {
        let known = CONTRAIL_OTLP_TRACE__SPAN_FLAGS__SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK.rawValue
        let remote = CONTRAIL_OTLP_TRACE__SPAN_FLAGS__SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK.rawValue
        return flags & known != 0 && flags & remote != 0
    }

    private func kind(_ kind: ContrailOtlpTrace__Span__SpanKind) -> Telemetry.SpanData.Kind {
        switch kind {
        case CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_SERVER: .server
        case CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_CLIENT: .client
        case CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_PRODUCER: .producer
        case CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_CONSUMER: .consumer
        // Unspecified, or a number from the future: the specification reads unspecified as internal.
        default: .internal
        }
    }

    private func status(_ status: UnsafeMutablePointer<WireStatus>?) throws(OTLP.DecodingError)
        -> Telemetry.SpanData.Status
    {
        guard let status = unsafe status else { return .unset }
        switch unsafe status.pointee.code {
        case CONTRAIL_OTLP_TRACE__STATUS__STATUS_CODE__STATUS_CODE_OK: return .ok
        case CONTRAIL_OTLP_TRACE__STATUS__STATUS_CODE__STATUS_CODE_ERROR:
            return .error(try unsafe values.text(status.pointee.message))
        default: return .unset
        }
    }

    private mutating func events(
        _ span: UnsafePointer<WireSpan>
    ) throws(OTLP.DecodingError) -> [Telemetry.SpanData.Event] {
        var result: [Telemetry.SpanData.Event] = []
        for index in 0..<(unsafe span.pointee.n_events) {
            guard let event = unsafe span.pointee.events[index] else { continue }
            var read = Telemetry.SpanData.Event(
                name: try unsafe values.text(event.pointee.name), nanoseconds: unsafe event.pointee.time_unix_nano,
                attributes: try unsafe values.attributes(event.pointee.attributes, count: event.pointee.n_attributes))
            read.droppedAttributes = unsafe event.pointee.dropped_attributes_count
            result.append(read)
        }
        return result
    }

    /// The links, or `nil` if one has no usable ids.
    private mutating func links(
        _ span: UnsafePointer<WireSpan>
    ) throws(OTLP.DecodingError) -> [Telemetry.SpanData.Link]? {
        var result: [Telemetry.SpanData.Link] = []
        for index in 0..<(unsafe span.pointee.n_links) {
            guard let link = unsafe span.pointee.links[index] else { continue }
            guard
                let context = try unsafe context(
                    trace: link.pointee.trace_id, span: link.pointee.span_id, state: link.pointee.trace_state,
                    flags: link.pointee.flags)
            else { return nil }
            var read = Telemetry.SpanData.Link(
                context: context,
                attributes: try unsafe values.attributes(link.pointee.attributes, count: link.pointee.n_attributes))
            read.droppedAttributes = unsafe link.pointee.dropped_attributes_count
            result.append(read)
        }
        return result
    }
}
