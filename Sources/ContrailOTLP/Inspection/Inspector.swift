package import ContrailTelemetry

/// Finds what receivers let pass and the specification forbids.
package struct Inspector {
    /// What was broken, and how.
    package struct Finding: Sendable, Hashable {
        package var rule: Rule
        package var what: String

        package init(_ rule: Rule, _ what: String) {
            self.rule = rule
            self.what = what
        }
    }

    /// A rule of the specification.
    package enum Rule: String, Sendable, Hashable, CaseIterable {
        /// Trace ids have 16 bytes, span ids 8, none is all zero; no span is its own parent; no two of a trace are the same.
        case ids
        /// A span has a start, and does not end before it; events have a time.
        case times
        /// Attribute keys are unique in their list, and not empty.
        case keys
        /// Every field is in the schema.
        case unknownFields
        /// The resource says which service it is.
        case serviceName
        /// Spans and events have a name.
        case names
        /// Values are of the kinds that attributes have.
        case values
        /// Nothing is not sent.
        case emptyRequest
    }

    /// No more are kept: one broken sender breaks the same rule in every span.
    private static let maxFindings = 100

    package private(set) var findings: [Finding] = []
    private var seen: Set<Telemetry.SpanContext> = []

    package init() {}

    /// What an accepted request broke.
    package mutating func inspect(_ payload: OTLP.Receiver.Payload, _ data: OTLP.TraceData?) {
        let unknown = OTLP.unknownFields(payload.protobuf, payload.signal) + payload.unknownNames
        for name in unknown { note(.unknownFields, "the schema does not know \(name)") }
        if payload.protobuf.isEmpty { note(.emptyRequest, "a request without anything in it") }
        guard let data else { return }
        if data.rejectedSpans > 0 {
            note(.ids, "\(data.rejectedSpans) spans were rejected: \(data.remark)")
        } else if !data.remark.isEmpty {
            note(.values, data.remark)
        }
        for group in data.resourceSpans { inspect(group) }
        if !payload.protobuf.isEmpty, data.spanCount + data.rejectedSpans == 0 {
            note(.emptyRequest, "a request without a span")
        }
    }

    /// What a resource of any signal broke.
    package mutating func inspect(_ resource: Telemetry.Resource) {
        check(resource.attributes, of: "a resource")
        guard case .string(let name)? = resource["service.name"], !name.isEmpty else {
            return note(.serviceName, "a resource without service.name")
        }
    }

    /// Attributes of whatever `owner` says.
    package mutating func check(_ attributes: [Telemetry.Attribute], of owner: String) {
        var keys: Set<String> = []
        for attribute in attributes {
            if attribute.key.isEmpty { note(.keys, "\(owner) has an attribute without a key") }
            if !keys.insert(attribute.key).inserted { note(.keys, "\(owner) has '\(attribute.key)' twice") }
            check(attribute.value, of: owner)
        }
    }

    private mutating func check(_ value: Telemetry.AttributeValue, of owner: String) {
        switch value {
        case .map(let entries): check(entries, of: "a map in \(owner)")
        case .array(let values): for value in values { check(value, of: owner) }
        case .string, .bool, .int, .double, .bytes: break
        }
    }

    private mutating func inspect(_ group: OTLP.ResourceSpans) {
        inspect(group.resource)
        var scope: Telemetry.Scope?
        for span in group.spans {
            if span.scope != scope { check(span.scope.attributes, of: "the scope '\(span.scope.name)'") }
            scope = span.scope
            inspect(span)
        }
    }

    private mutating func inspect(_ span: Telemetry.SpanData) {
        let owner = "the span '\(span.name)'"
        if span.name.isEmpty { note(.names, "a span has no name (\(span.context.spanID))") }
        if span.parentSpanID == span.context.spanID { note(.ids, "\(owner) is its own parent") }
        if !seen.insert(span.context).inserted { note(.ids, "\(owner) came twice (\(span.context.spanID))") }
        if span.startNanoseconds == 0 { note(.times, "\(owner) has no start") }
        if span.endNanoseconds < span.startNanoseconds { note(.times, "\(owner) ends before it starts") }
        check(span.attributes, of: owner)
        for event in span.events {
            if event.name.isEmpty { note(.names, "an event of \(owner) has no name") }
            if event.nanoseconds == 0 { note(.times, "the event '\(event.name)' of \(owner) has no time") }
            check(event.attributes, of: "the event '\(event.name)' of \(owner)")
        }
        for link in span.links { check(link.attributes, of: "a link of \(owner)") }
    }

    private mutating func note(_ rule: Rule, _ what: String) {
        if findings.count < Self.maxFindings { findings.append(Finding(rule, what)) }
    }
}
