import ContrailTelemetry

/// A span in a line, for people: when, how long, who, what, how it went, ids, attributes.
enum SpanLine {
    static func text(_ span: Telemetry.SpanData, resource: Telemetry.Resource) -> String {
        let row = TraceSpan(span, resource: resource)
        var parts = [
            Timestamp.text(milliseconds: Int64(clamping: span.startNanoseconds / 1_000_000)) ?? "?",
            readable(milliseconds: row.milliseconds), row.service, "\(span.kind)".uppercased(), quoted(span.name),
            status(span.status), "trace=\(span.context.traceID)", "span=\(span.context.spanID)",
        ]
        if let parent = span.parentSpanID { parts.append("parent=\(parent)") }
        parts += span.attributes.map { "\(plain($0.key))=\(value($0.value))" }
        parts += span.events.map { "event:\(plain($0.name))" }
        parts += span.links.map { "link:\($0.context.traceID)/\($0.context.spanID)" }
        return parts.joined(separator: " ")
    }

    private static func status(_ status: Telemetry.SpanData.Status) -> String {
        switch status {
        case .unset: "unset"
        case .ok: "ok"
        case .error(let description): description.isEmpty ? "error" : "error(\(quoted(description)))"
        }
    }

    private static func value(_ value: Telemetry.AttributeValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bytes(let bytes): "0x\(Hexadecimal.text(bytes))"
        case .array(let values): "[\(values.map(self.value).joined(separator: ","))]"
        case .map(let entries): "{\(entries.map { "\(plain($0.key)):\(self.value($0.value))" }.joined(separator: ","))}"
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + plain(text).replacing("\"", with: "\\\"") + "\""
    }

    /// Without control characters, which could forge a line or repaint the terminal.
    static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return String(
            text.map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : $0 })
    }
}
