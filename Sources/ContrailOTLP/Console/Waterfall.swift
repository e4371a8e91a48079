import ContrailTelemetry

/// Draws a trace: a row per span in the order of the calls, with a bar to scale.
package struct Waterfall: Sendable {
    private let trace: TraceIndex
    private let style: TextStyle
    private let begin: UInt64
    /// At least one.
    private let nanoseconds: UInt64
    /// The text columns, each as wide as its longest cell.
    private let widths: [Int]
    /// What they leave of the terminal.
    private let barWidth: Int

    package init(spans: [TraceSpan], style: TextStyle) {
        trace = TraceIndex(spans)
        self.style = style
        begin = spans.map(\.start).min() ?? 0
        nanoseconds = max(1, (spans.map(\.end).max() ?? 0) - begin)
        let cells = [Self.headings] + trace.depthFirst.map(Self.cells)
        // No name that a peer chose may take the place of the bars.
        widths = Self.headings.indices.map { column in min(36, cells.map { $0[column].count }.max() ?? 0) }
        barWidth = max(16, style.width - widths.reduce(0) { $0 + $1 + 1 })
    }

    /// The rows, with a heading and a legend.
    package var lines: [String] {
        [style.paint(heading, .bold)] + trace.depthFirst.map(row) + Self.legend.map { style.paint($0, .dim) }
    }

    private static let headings = ["SERVICE", "SPAN", "RESULT", "TIME"]

    private static let legend = [
        "← answers a request   → one send   ○ a call: its sends and waits",
        "█ answering   ━ sending   ─ in the call   ░ backing off   ▒ waiting for a permit",
    ]

    private static func cells(depth: Int, span: TraceSpan) -> [String] {
        let name = String(repeating: " ", count: min(depth, 24)) + "\(span.arrow) \(SpanLine.plain(span.data.name))"
        return [span.service, name, span.result, readable(milliseconds: span.milliseconds)]
    }

    private var heading: String {
        let total = readable(milliseconds: Double(nanoseconds) / 1e6)
        return columns(Self.headings) + "0" + total.leftPadded(to: barWidth - 1)
    }

    private func row(depth: Int, span: TraceSpan) -> String {
        style.paint(columns(Self.cells(depth: depth, span: span)), span.failed ? .red : nil) + bar(of: span)
    }

    /// Text on the left of its column, the time on the right.
    private func columns(_ cells: [String]) -> String {
        let last = cells.count - 1
        return zip(cells, widths).enumerated().map { column, cell in
            (column == last ? cell.0.leftPadded(to: cell.1) : cell.0.padded(to: cell.1)) + " "
        }.joined()
    }

    /// One character per stretch of time; a span that is too short for one gets one.
    private func bar(of span: TraceSpan) -> String {
        let first = min(barWidth - 1, cell(of: span.start))
        let last = max(first, min(barWidth, cell(of: span.end)) - 1)
        let sends = trace.children(of: span.id).filter { $0.data.kind == .client }
        let glyphs = (first...last).map { glyph(of: span, sends, at: middle(ofCell: $0)) }
        return String(repeating: " ", count: first) + style.paint(String(glyphs), span.paint)
    }

    private func cell(of instant: UInt64) -> Int {
        Int((Double(instant - begin) / Double(nanoseconds) * Double(barWidth)).rounded(.down))
    }

    private func middle(ofCell cell: Int) -> UInt64 {
        begin &+ UInt64((Double(cell) + 0.5) / Double(barWidth) * Double(nanoseconds))
    }

    /// What a call does while none of its sends is under way: before the first it waits for a permit (if it says so),
    /// between two it backs off.
    private func glyph(of span: TraceSpan, _ sends: [TraceSpan], at instant: UInt64) -> Character {
        switch span.data.kind {
        case .server, .consumer: return "█"
        case .client, .producer: return "━"
        case .internal:
            guard let firstSend = sends.first, let lastSend = sends.last else { return "─" }
            if instant < firstSend.start { return span.hasWaitedForPermit ? "▒" : "─" }
            let isSending = sends.contains { $0.start <= instant && instant <= $0.end }
            return isSending || instant > lastSend.start ? "─" : "░"
        }
    }
}

extension TraceSpan {
    /// Every call passes the permit queue; a wait below a millisecond is not one that anybody would look for.
    fileprivate var hasWaitedForPermit: Bool { double("contrail.wait.permit") > 0.001 }

    fileprivate var arrow: String {
        switch data.kind {
        case .server, .consumer: "←"
        case .client, .producer: "→"
        case .internal: "○"
        }
    }

    fileprivate var paint: TextStyle.Paint? {
        if failed { return .red }
        switch data.kind {
        case .server, .consumer: return .green
        case .client, .producer: return .cyan
        case .internal: return nil
        }
    }

    /// Status or error, which send of its call it was, and how long the call waited for what.
    fileprivate var result: String {
        let status = int("http.response.status_code").map { "\($0)" }
        var parts = [status ?? errorType ?? (failed ? "error" : "ok")]
        if data.kind == .client, resendCount > 0 { parts.append("send \(resendCount + 1)") }
        if let attempts = int("contrail.attempts"), attempts != 1 { parts.append("\(attempts) sends") }
        let backOff = double("contrail.wait.backoff")
        if backOff > 0 { parts.append("░ \(readable(milliseconds: min(backOff, 1e9) * 1000))") }
        if hasWaitedForPermit {
            parts.append("▒ \(readable(milliseconds: min(double("contrail.wait.permit"), 1e9) * 1000))")
        }
        return parts.joined(separator: "  ")
    }
}
