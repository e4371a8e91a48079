/// The spans of a trace, findable by id and by parent.
package struct SpanIndex: Sendable {
    package let spans: [ChainSpan]
    /// The first span with each id.
    package let byID: [String: ChainSpan]
    private let childrenByParent: [String: [ChainSpan]]

    package init(_ spans: [ChainSpan]) {
        // Of two that start together (clocks have grains) the first send comes first.
        self.spans = spans.sorted { ($0.start, $0.resendCount, $0.spanID) < ($1.start, $1.resendCount, $1.spanID) }
        byID = Dictionary(spans.map { ($0.spanID, $0) }) { first, _ in first }
        childrenByParent = Dictionary(grouping: self.spans.filter { $0.parentID != nil }) { $0.parentID ?? "" }
    }

    /// In the order they started.
    package func children(of span: ChainSpan) -> [ChainSpan] { childrenByParent[span.spanID] ?? [] }

    /// Those without a parent among the spans: roots, and what has lost its parent.
    package var tops: [ChainSpan] { spans.filter { $0.parentID.map { byID[$0] == nil } ?? true } }

    /// Those whose parent is not of the same service: one per request handled, or per call of a service that only asks.
    package func localRoots(of service: String) -> [ChainSpan] {
        spans.filter { $0.service == service && $0.parentID.flatMap { byID[$0]?.service } != service }
    }

    /// Depth first, children in the order they started. A circle of parents is not entered.
    package var depthFirst: [(depth: Int, span: ChainSpan)] {
        var result: [(depth: Int, span: ChainSpan)] = []
        var stack = tops.reversed().map { (depth: 0, span: $0) }
        var visited: Set<String> = []
        while let (depth, span) = stack.popLast() {
            guard visited.insert(span.spanID).inserted else { continue }
            result.append((depth, span))
            stack += children(of: span).reversed().map { (depth + 1, $0) }
        }
        return result
    }
}
