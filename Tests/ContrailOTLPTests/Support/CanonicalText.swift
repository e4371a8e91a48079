import ContrailTelemetry

/// Recorded spans as JSON in a form that another language can write to the byte: texts, bytes and doubles as
/// hexadecimal, whole numbers in quotes, members sorted by name. `Tests/Tools/decode_otlp.py` writes the same from the
/// wire.
struct CanonicalText {
    static func of(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) -> String {
        var scopes: [Telemetry.Scope] = []
        for span in spans where !scopes.contains(span.scope) { scopes.append(span.scope) }
        let groups = scopes.map { scope in
            object([
                ("attributes", attributes(scope.attributes)), ("name", text(scope.name)),
                ("schema_url", text(scope.schemaURL)),
                ("spans", list(spans.filter { $0.scope == scope }.map(span))), ("version", text(scope.version)),
            ])
        }
        return object([
            ("attributes", attributes(resource.attributes)), ("schema_url", text(resource.schemaURL)),
            ("scopes", list(groups)),
        ])
    }

    private static func span(_ span: Telemetry.SpanData) -> String {
        object([
            ("attributes", attributes(span.attributes)),
            ("dropped", list([span.droppedAttributes, span.droppedEvents, span.droppedLinks].map(number))),
            ("end", number(span.endNanoseconds)),
            ("events", list(span.events.map(event))),
            ("flags", number(flags(span.context.flags, span.parentIsRemote))),
            ("kind", number(kind(span.kind))),
            ("links", list(span.links.map(link))),
            ("name", text(span.name)),
            ("parent", quoted(span.parentSpanID.map { word($0.value) } ?? "")),
            ("span_id", quoted(word(span.context.spanID.value))),
            ("start", number(span.startNanoseconds)),
            ("state", text(span.context.traceState)),
            ("status", status(span.status)),
            ("trace_id", quoted(word(span.context.traceID.high) + word(span.context.traceID.low))),
        ])
    }

    private static func event(_ event: Telemetry.SpanData.Event) -> String {
        object([
            ("attributes", attributes(event.attributes)), ("dropped", number(event.droppedAttributes)),
            ("name", text(event.name)), ("time", number(event.nanoseconds)),
        ])
    }

    private static func link(_ link: Telemetry.SpanData.Link) -> String {
        object([
            ("attributes", attributes(link.attributes)), ("dropped", number(link.droppedAttributes)),
            ("flags", number(flags(link.context.flags, link.context.isRemote))),
            ("span_id", quoted(word(link.context.spanID.value))), ("state", text(link.context.traceState)),
            ("trace_id", quoted(word(link.context.traceID.high) + word(link.context.traceID.low))),
        ])
    }

    private static func flags(_ flags: Telemetry.TraceFlags, _ isRemote: Bool) -> UInt32 {
        UInt32(flags.rawValue) + 256 + (isRemote ? 512 : 0)
    }

    private static func kind(_ kind: Telemetry.SpanData.Kind) -> Int {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }

    private static func status(_ status: Telemetry.SpanData.Status) -> String {
        switch status {
        case .unset: list([number(0), text("")])
        case .ok: list([number(1), text("")])
        case .error(let message): list([number(2), text(message)])
        }
    }

    private static func attributes(_ attributes: [Telemetry.Attribute]) -> String {
        list(attributes.map { list([text($0.key), value($0.value)]) })
    }

    private static func value(_ value: Telemetry.AttributeValue) -> String {
        switch value {
        case .string(let text): list([quoted("s"), self.text(text)])
        case .bool(let flag): list([quoted("b"), quoted(flag ? "1" : "0")])
        case .int(let number): list([quoted("i"), self.number(number)])
        case .double(let number): list([quoted("d"), quoted(word(number.bitPattern))])
        case .bytes(let bytes): list([quoted("y"), quoted(hexadecimal(bytes))])
        case .array(let values): list([quoted("a"), list(values.map(self.value))])
        case .map(let entries): list([quoted("m"), attributes(entries)])
        }
    }

    private static func text(_ text: String) -> String { quoted(hexadecimal(Array(text.utf8))) }
    private static func number(_ number: some BinaryInteger) -> String { quoted(String(number)) }
    private static func word(_ word: UInt64) -> String {
        hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) })
    }
    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    private static func quoted(_ text: String) -> String { "\"\(text)\"" }
    private static func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }
    private static func object(_ members: [(String, String)]) -> String {
        "{\(members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ","))}"
    }
}
