public import ContrailTelemetry

extension FakeCollector {
    /// The traces that have come so far, in the order of their first spans' arrival.
    public var traces: [CollectedTrace] {
        let spans = spans
        var order: [Telemetry.TraceID] = []
        let groups = Dictionary(grouping: spans) { $0.span.context.traceID }
        for span in spans where !order.contains(span.span.context.traceID) { order.append(span.span.context.traceID) }
        return order.map { CollectedTrace(id: $0, spans: groups[$0] ?? []) }
    }

    /// What has come of this trace; without a span if nothing has.
    public func trace(_ id: Telemetry.TraceID) -> CollectedTrace {
        CollectedTrace(id: id, spans: spans.filter { $0.span.context.traceID == id })
    }

    /// The trace, as soon as there are `spans` spans of it. Throws like ``waitForSpans(count:timeout:where:)``.
    public func waitForTrace(
        _ id: Telemetry.TraceID, spans: Int, timeout: Duration = .seconds(10)
    ) async throws -> CollectedTrace {
        let found = try await waitForSpans(count: spans, timeout: timeout) { $0.span.context.traceID == id }
        return CollectedTrace(id: id, spans: found)
    }

    /// The metrics that have come so far, one entry per metric and request.
    public var metrics: [ReceivedMetric] { requests.flatMap(\.metrics) }

    /// The log records that have come so far.
    public var logs: [ReceivedLog] { requests.flatMap(\.logs) }

    /// What was accepted although the specification forbids it. Empty if nothing is checked.
    public var violations: [Violation] { requests.flatMap(\.violations) }
}
