import ContrailOTLP
public import ContrailTelemetry

/// The spans of one trace that a ``FakeCollector`` has, findable by name and by parent.
///
/// ```swift
/// let trace = collector.trace(id)
/// let call = try trace.root
/// try trace.span(named: "GET").expect(kind: .client, attributes: ["http.response.status_code": .int(200)])
/// #expect(trace.children(of: call).count == 2, "\(trace)")
/// ```
public struct CollectedTrace: Sendable, CustomStringConvertible {
    /// One span of the trace.
    public typealias Span = FakeCollector.ReceivedSpan

    /// The trace's id.
    public let id: Telemetry.TraceID
    /// Its spans, in the order they started.
    public let spans: [Span]
    private let index: TraceIndex

    init(id: Telemetry.TraceID, spans: [Span]) {
        self.id = id
        index = TraceIndex(spans.map { TraceSpan($0.span, resource: $0.resource) })
        self.spans = spans.sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
    }

    /// The one span without a parent. Throws if there is none, or more than one.
    public var root: Span { get throws { try only(spans.filter { $0.span.parentSpanID == nil }, "root") } }

    /// The one span of this name, of this kind if one is given. Throws if there is none, or more than one, and says what
    /// there is.
    public func span(named name: String, kind: Telemetry.SpanData.Kind? = nil) throws -> Span {
        try only(spans(named: name, kind: kind), "span '\(name)'")
    }

    /// The spans of this name, of this kind if one is given; in the order they started.
    public func spans(named name: String, kind: Telemetry.SpanData.Kind? = nil) -> [Span] {
        spans.filter { $0.span.name == name && (kind == nil || $0.span.kind == kind) }
    }

    /// The spans of this kind, in the order they started.
    public func spans(kind: Telemetry.SpanData.Kind) -> [Span] { spans.filter { $0.span.kind == kind } }

    /// The spans below this one, in the order they started.
    public func children(of span: Span) -> [Span] {
        spans.filter { $0.span.parentSpanID == span.span.context.spanID }
    }

    /// The span above this one; `nil` for a root, and if it never came.
    public func parent(of span: Span) -> Span? {
        span.span.parentSpanID.flatMap { parent in spans.first { $0.span.context.spanID == parent } }
    }

    /// Spans whose parent never came.
    public var orphans: [Span] {
        let ids = Set(spans.map(\.span.context.spanID))
        return spans.filter { span in span.span.parentSpanID.map { !ids.contains($0) } ?? false }
    }

    /// The trace drawn: a line per span in the order of the calls, with bars to scale, a heading and a legend.
    ///
    /// - Parameters:
    ///   - width: columns.
    ///   - colour: whether colour escapes are understood.
    public func waterfall(width: Int = 120, colour: Bool = false) -> [String] {
        Waterfall(spans: index.spans, style: TextStyle(width: width, colour: colour)).lines
    }

    /// The waterfall, as one text.
    public var description: String { (["trace \(id)"] + waterfall()).joined(separator: "\n") }

    private func only(_ found: [Span], _ what: String) throws -> Span {
        guard found.count == 1, let span = found.first else {
            throw FakeCollectorError.expectation("\(found.count) of \(what), not one, in\n\(self)")
        }
        return span
    }
}

extension FakeCollector.ReceivedSpan {
    /// This span, if it has this kind, this status and these attributes (and whatever else), and none of those that are to
    /// be `absent`; what is `nil` does not matter. Throws an error that says what differs.
    @discardableResult
    public func expect(
        kind: Telemetry.SpanData.Kind? = nil, status: Telemetry.SpanData.Status? = nil,
        attributes: [String: Telemetry.AttributeValue] = [:], absent: [String] = []
    ) throws -> Self {
        var differences: [String] = []
        if let kind, span.kind != kind { differences.append("the kind is \(span.kind), not \(kind)") }
        if let status, span.status != status { differences.append("the status is \(span.status), not \(status)") }
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) where self[key] != value {
            let found = self[key].map { "\($0)" } ?? "missing"
            differences.append("\(key) is \(found), not \(value)")
        }
        for key in absent { if let value = self[key] { differences.append("\(key) is \(value), not missing") } }
        guard differences.isEmpty else {
            throw FakeCollectorError.expectation("span '\(span.name)': \(differences.joined(separator: "; "))")
        }
        return self
    }
}
