import Foundation

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
        for span in trace.spans where !order.contains(span.service) { order.append(span.service) }
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

    /// The table: a heading, a line per service, and the sums.
    package var lines: [String] {
        let heading = Self.columns(["SERVICE", "SPANS", "REQUESTS", "SENDS", "RETRIES", "ERRORS", "P50", "MAX"])
        let sums = [\Row.spans, \.received, \.sends, \.retries, \.errors].map { path in
            String(rows.reduce(0) { $0 + $1[keyPath: path] })
        }
        return [heading] + rows.map(Self.line) + [Self.columns(["all"] + sums)]
    }

    private static func line(_ row: Row) -> String {
        columns(
            [row.service] + [row.spans, row.received, row.sends, row.retries, row.errors].map(String.init)
                + [time(row.p50), time(row.longest)])
    }

    /// Three digits that count.
    private static func time(_ milliseconds: Double) -> String {
        String(format: milliseconds < 1000 ? "%.3g ms" : "%.0f ms", milliseconds)
    }

    /// Names on the left of their column, figures on the right.
    private static func columns(_ cells: [String]) -> String {
        let name = (cells.first ?? "").padding(toLength: 16, withPad: " ", startingAt: 0)
        return ([name] + cells.dropFirst().map { String(repeating: " ", count: max(0, 9 - $0.count)) + $0 })
            .joined(separator: " ")
    }
}
