extension Telemetry.SpanData {
    /// The data of a span that has just ended. Every field is written once: this runs for every span.
    init(
        context: Telemetry.SpanContext, parentSpanID: Telemetry.SpanID?, parentIsRemote: Bool, kind: Kind,
        startNanoseconds: UInt64, endNanoseconds: UInt64, record: SpanRecord, attributes: AttributeList,
        scope: Telemetry.Scope
    ) {
        self.context = context
        self.parentSpanID = parentSpanID
        self.parentIsRemote = parentIsRemote
        name = record.name
        self.kind = kind
        self.startNanoseconds = startNanoseconds
        self.endNanoseconds = endNanoseconds
        self.attributes = attributes.elements
        droppedAttributes = attributes.dropped
        events = record.events
        droppedEvents = record.droppedEvents
        links = record.links
        droppedLinks = record.droppedLinks
        status = record.status
        self.scope = scope
    }
}
