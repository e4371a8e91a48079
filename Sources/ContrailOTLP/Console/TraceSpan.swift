package import ContrailTelemetry

/// A span with what a drawing of its trace reads.
package struct TraceSpan: Sendable, Hashable {
    package let data: Telemetry.SpanData
    /// `service.name` of the resource, or a question mark.
    package let service: String

    package init(_ data: Telemetry.SpanData, resource: Telemetry.Resource) {
        self.data = data
        if case .string(let name)? = resource["service.name"] { service = SpanLine.plain(name) } else { service = "?" }
    }

    var start: UInt64 { data.startNanoseconds }
    /// Not before the start, whatever the sender says.
    var end: UInt64 { max(data.startNanoseconds, data.endNanoseconds) }
    var milliseconds: Double { Double(end - start) / 1e6 }
    var id: Telemetry.SpanID { data.context.spanID }

    var failed: Bool {
        if case .error = data.status { return true }
        return errorType != nil
    }

    var errorType: String? { text("error.type") }
    var resendCount: Int64 { int("http.request.resend_count") ?? 0 }

    func text(_ key: String) -> String? {
        if case .string(let text)? = value(key) { return SpanLine.plain(text) }
        return nil
    }

    func int(_ key: String) -> Int64? {
        if case .int(let number)? = value(key) { return number }
        return nil
    }

    func double(_ key: String) -> Double {
        switch value(key) {
        case .double(let number)? where number.isFinite: number
        case .int(let number)?: Double(number)
        default: 0
        }
    }

    private func value(_ key: String) -> Telemetry.AttributeValue? { data.attributes.first { $0.key == key }?.value }
}

/// The spans of a trace, findable by id and by parent.
package struct TraceIndex: Sendable {
    /// In the order they started; of two that start together (clocks have grains) the first send comes first.
    package let spans: [TraceSpan]
    /// The first span with each id.
    private let byID: [Telemetry.SpanID: TraceSpan]
    private let byParent: [Telemetry.SpanID: [TraceSpan]]

    package init(_ spans: [TraceSpan]) {
        self.spans = spans.sorted {
            ($0.start, $0.resendCount, $0.id.value) < ($1.start, $1.resendCount, $1.id.value)
        }
        byID = Dictionary(self.spans.map { ($0.id, $0) }) { first, _ in first }
        var children: [Telemetry.SpanID: [TraceSpan]] = [:]
        for span in self.spans {
            if let parent = span.data.parentSpanID { children[parent, default: []].append(span) }
        }
        byParent = children
    }

    /// In the order they started.
    package func children(of id: Telemetry.SpanID) -> [TraceSpan] { byParent[id] ?? [] }

    package func span(_ id: Telemetry.SpanID) -> TraceSpan? { byID[id] }

    /// Those without a parent.
    package var roots: [TraceSpan] { spans.filter { $0.data.parentSpanID == nil } }

    /// Those whose parent is not among the spans.
    package var orphans: [TraceSpan] {
        spans.filter { $0.data.parentSpanID.map { byID[$0] == nil } ?? false }
    }

    /// Depth first, children in the order they started; roots and orphans are the tops. A circle of parents, which has no
    /// top, is not entered.
    package var depthFirst: [(depth: Int, span: TraceSpan)] {
        var result: [(depth: Int, span: TraceSpan)] = []
        let tops = spans.filter { $0.data.parentSpanID.map { byID[$0] == nil } ?? true }
        var stack = tops.reversed().map { (depth: 0, span: $0) }
        var visited: Set<Telemetry.SpanID> = []
        while let (depth, span) = stack.popLast() {
            guard visited.insert(span.id).inserted else { continue }
            result.append((depth, span))
            stack += children(of: span.id).reversed().map { (depth + 1, $0) }
        }
        return result
    }
}
