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

    /// Those whose parent is not of the same service: one per request handled, or per call of a service that only asks.
    package func localRoots(of service: String) -> [ChainSpan] {
        spans.filter { $0.service == service && $0.parentID.flatMap { byID[$0]?.service } != service }
    }
}
