import CContrailOTLP
import ContrailTelemetry

// SAFETY (whole file): every pointer comes from this arena and lives as long as it; nothing is read before it is
// written.
extension Arena {
    /// A span, which stands four deep: request, resource, scope, span.
    mutating func span(
        _ span: Telemetry.SpanData, _ packed: inout PackedAttributes
    ) -> UnsafeMutablePointer<WireSpan> {
        let message = unsafe make(contrail_otlp_trace__span__init)
        unsafe message.pointee.trace_id = copyBigEndian(span.context.traceID.high, span.context.traceID.low)
        unsafe message.pointee.span_id = copyBigEndian(span.context.spanID.value)
        if let parent = span.parentSpanID { unsafe message.pointee.parent_span_id = copyBigEndian(parent.value) }
        unsafe message.pointee.trace_state = copy(span.context.traceState)
        unsafe message.pointee.flags = Self.flags(span.context.flags, isRemote: span.parentIsRemote)
        unsafe message.pointee.name = copy(span.name)
        unsafe message.pointee.kind = Self.kind(span.kind)
        unsafe message.pointee.start_time_unix_nano = span.startNanoseconds
        unsafe message.pointee.end_time_unix_nano = span.endNanoseconds
        unsafe packed.set(span.attributes, of: message, depth: 5, in: &self)
        unsafe message.pointee.dropped_attributes_count = span.droppedAttributes
        unsafe setEvents(span.events, of: message)
        unsafe message.pointee.dropped_events_count = span.droppedEvents
        unsafe setLinks(span.links, of: message)
        unsafe message.pointee.dropped_links_count = span.droppedLinks
        unsafe message.pointee.status = status(span.status)
        return unsafe message
    }

    /// The W3C flags, and whether the parent (or the linked span) is remote. We always know, so bit 8 is always set.
    static func flags(_ flags: Telemetry.TraceFlags, isRemote: Bool) -> UInt32 {
        UInt32(flags.rawValue)
            | CONTRAIL_OTLP_TRACE__SPAN_FLAGS__SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK.rawValue
            | (isRemote ? CONTRAIL_OTLP_TRACE__SPAN_FLAGS__SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK.rawValue : 0)
    }

    private static func kind(_ kind: Telemetry.SpanData.Kind) -> ContrailOtlpTrace__Span__SpanKind {
        switch kind {
        case .internal: CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_INTERNAL
        case .server: CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_SERVER
        case .client: CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_CLIENT
        case .producer: CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_PRODUCER
        case .consumer: CONTRAIL_OTLP_TRACE__SPAN__SPAN_KIND__SPAN_KIND_CONSUMER
        }
    }

    private mutating func status(_ status: Telemetry.SpanData.Status) -> UnsafeMutablePointer<WireStatus>? {
        // Unset is what an absent status means.
        guard status != .unset else { return nil }
        let message = unsafe make(contrail_otlp_trace__status__init)
        unsafe message.pointee.code = CONTRAIL_OTLP_TRACE__STATUS__STATUS_CODE__STATUS_CODE_OK
        if case .error(let description) = status {
            unsafe message.pointee.code = CONTRAIL_OTLP_TRACE__STATUS__STATUS_CODE__STATUS_CODE_ERROR
            unsafe message.pointee.message = copy(description)
        }
        return unsafe message
    }

    private mutating func setEvents(_ events: [Telemetry.SpanData.Event], of span: UnsafeMutablePointer<WireSpan>) {
        guard !events.isEmpty else { return }
        let list = unsafe makeList(of: WireEvent.self, count: events.count)
        for (index, event) in events.enumerated() {
            let message = unsafe make(contrail_otlp_trace__span__event__init)
            unsafe message.pointee.time_unix_nano = event.nanoseconds
            unsafe message.pointee.name = copy(event.name)
            unsafe message.pointee.n_attributes = event.attributes.count
            unsafe message.pointee.attributes = attributes(event.attributes, depth: 6)
            unsafe message.pointee.dropped_attributes_count = event.droppedAttributes
            unsafe list[index] = unsafe message
        }
        unsafe span.pointee.n_events = events.count
        unsafe span.pointee.events = list
    }

    private mutating func setLinks(_ links: [Telemetry.SpanData.Link], of span: UnsafeMutablePointer<WireSpan>) {
        guard !links.isEmpty else { return }
        let list = unsafe makeList(of: WireLink.self, count: links.count)
        for (index, link) in links.enumerated() {
            let message = unsafe make(contrail_otlp_trace__span__link__init)
            unsafe message.pointee.trace_id = copyBigEndian(link.context.traceID.high, link.context.traceID.low)
            unsafe message.pointee.span_id = copyBigEndian(link.context.spanID.value)
            unsafe message.pointee.trace_state = copy(link.context.traceState)
            unsafe message.pointee.flags = Self.flags(link.context.flags, isRemote: link.context.isRemote)
            unsafe message.pointee.n_attributes = link.attributes.count
            unsafe message.pointee.attributes = attributes(link.attributes, depth: 6)
            unsafe message.pointee.dropped_attributes_count = link.droppedAttributes
            unsafe list[index] = unsafe message
        }
        unsafe span.pointee.n_links = links.count
        unsafe span.pointee.links = list
    }
}
