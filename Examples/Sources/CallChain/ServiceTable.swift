/// A row of figures per service.
package struct ServiceTable: Sendable {
    /// What one service did.
    package struct Row: Sendable, Hashable {
        package var service: String
        package var spans: Int
        /// Requests its socket saw.
        package var received: Int
        /// Requests it put on the wire.
        package var sends: Int
        /// Those of its sends that repeat an earlier one.
        package var retries: Int
        /// Its spans that failed.
        package var errors: Int
        /// Of what it did for others: its requests, or its calls if nobody called it. In milliseconds.
        package var p50: Double
        /// The longest of the same.
        package var longest: Double
    }

    package let rows: [Row]

    package init(spans: [ChainSpan], requests: [ReceivedRequest]) {
        let trace = SpanIndex(spans)
        // In the order in which the services come into the trace.
        var order: [String] = []
        for (_, span) in trace.depthFirst where !order.contains(span.service) { order.append(span.service) }
        rows = order.map { Self.row($0, trace, requests) }
    }

    private static func row(_ service: String, _ trace: SpanIndex, _ requests: [ReceivedRequest]) -> Row {
        let own = trace.spans.filter { $0.service == service }
        let sends = own.filter { $0.kind == .client }
        let times = trace.localRoots(of: service).map(\.milliseconds).sorted()
        return Row(
            service: service, spans: own.count, received: requests.count { $0.service == service },
            sends: sends.count, retries: sends.count { $0.resendCount > 0 }, errors: own.count(where: \.failed),
            p50: times.isEmpty ? 0 : times[(times.count - 1) / 2], longest: times.last ?? 0)
    }

    /// The table, with a heading and the sums.
    package func lines(style: Style) -> [String] {
        let heading = Self.columns(["SERVICE", "SPANS", "REQUESTS", "SENDS", "RETRIES", "ERRORS", "P50", "MAX"])
        let sums = [\Row.spans, \.received, \.sends, \.retries, \.errors].map { path in
            String(rows.reduce(0) { $0 + $1[keyPath: path] })
        }
        return [style.paint(heading, .bold)] + rows.map(Self.line) + [style.paint(Self.columns(["all"] + sums), .dim)]
    }

    private static func line(_ row: Row) -> String {
        columns(
            [row.service] + [row.spans, row.received, row.sends, row.retries, row.errors].map(String.init)
                + [readable(milliseconds: row.p50), readable(milliseconds: row.longest)])
    }

    private static func columns(_ cells: [String]) -> String {
        cells.enumerated().map { $0.offset == 0 ? $0.element.padded(to: 16) : $0.element.leftPadded(to: 9) }
            .joined(separator: " ")
    }
}
