/// What the demo claims about its own trace, checked against what the servers' sockets saw.
package struct SelfCheck: Sendable {
    /// How many traces there are. One is right.
    package private(set) var traces = 0
    /// Spans whose parent is nowhere. None is right.
    package private(set) var orphans = 0
    /// Requests that servers received.
    package private(set) var received = 0
    /// Those whose `traceparent` is the id of exactly one CLIENT span, and of no other request.
    package private(set) var matched = 0
    /// Everything that is wrong, a sentence each.
    package private(set) var problems: [String] = []

    /// The closing line of the demo.
    package var line: String { "traces \(traces) · orphans \(orphans) · sends matched \(matched)/\(received)" }
    /// True if nothing is wrong.
    package var passed: Bool { problems.isEmpty }

    /// Checks spans against received requests; costs O(spans + requests).
    package init(spans: [ChainSpan], requests: [ReceivedRequest]) {
        let trace = SpanIndex(spans)
        checkShape(trace)
        checkSends(trace, requests)
        checkResends(trace)
    }

    // One trace, one root, every parent there, and under every SERVER span the CLIENT span that asked.
    private mutating func checkShape(_ trace: SpanIndex) {
        let count = Set(trace.spans.map(\.traceID)).count
        traces = count
        require(count == 1, "there are \(count) traces, not one")
        require(trace.byID.count == trace.spans.count, "a span id is used twice")
        let roots = trace.spans.filter { $0.parentID == nil }
        require(roots.count == 1, "there are \(roots.count) roots, not one: \(roots.map(\.place))")
        for span in trace.spans {
            guard let parentID = span.parentID else { continue }
            guard let parent = trace.byID[parentID] else {
                orphans += 1
                problems.append("\(span.place) has a parent that nobody exported: \(parentID)")
                continue
            }
            require(parent.traceID == span.traceID, "\(span.place) is in another trace than its parent")
            require(span.kind != .server || parent.kind == .client, "\(span.place) has a parent that is no CLIENT span")
        }
    }

    // What the sockets saw and what the clients recorded are the same sends.
    private mutating func checkSends(_ trace: SpanIndex, _ requests: [ReceivedRequest]) {
        received = requests.count
        require(received > 0, "no server received anything")
        var seen: [String: Int] = [:]
        for request in requests {
            guard let ids = request.ids else {
                problems.append("\(request.service) received a request without a valid traceparent")
                continue
            }
            seen[ids.spanID, default: 0] += 1
            let owner = trace.byID[ids.spanID]
            let isMatch = owner?.kind == .client && owner?.traceID == ids.traceID
            require(isMatch, "\(request.service) received span id \(ids.spanID), which is no CLIENT span of the trace")
            require(seen[ids.spanID] == 1, "\(request.service) received span id \(ids.spanID) a second time")
            if isMatch, seen[ids.spanID] == 1 { matched += 1 }
        }
        for span in trace.spans where span.kind == .client && seen[span.spanID] == nil {
            require(span.errorType != nil, "\(span.place) reached no server and has no error.type")
        }
    }

    // The sends of one call are numbered 0, 1, 2, … in the order they went out.
    private mutating func checkResends(_ trace: SpanIndex) {
        for call in trace.spans where call.kind == .call {
            let sends = trace.children(of: call).filter { $0.kind == .client }
            let counts = sends.map(\.resendCount)
            require(counts == Array(counts.indices), "the sends of \(call.place) are numbered \(counts)")
            guard let attempts = call.attempts else { continue }
            require(attempts == sends.count, "\(call.place) says \(attempts) sends and has \(sends.count)")
        }
    }

    private mutating func require(_ holds: Bool, _ problem: @autoclosure () -> String) {
        if !holds { problems.append(problem()) }
    }
}

extension ChainSpan {
    /// For messages: which span, where.
    fileprivate var place: String { "\(kind) span '\(name)' of \(service) (\(spanID))" }
}
