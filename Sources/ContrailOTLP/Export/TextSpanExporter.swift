package import ContrailTelemetry

/// Writes spans as text: for people, or as OTLP's JSON, a line per batch (OTLP File Exporter, "JSON File Serialization").
package final class TextSpanExporter: Telemetry.SpanExporter {
    /// What is written.
    package enum Format: Sendable, Hashable {
        /// A line per span.
        case lines
        /// A tree per trace and batch, with bars to scale.
        case waterfall(width: Int, colour: Bool)
        /// OTLP in JSON, a line per batch.
        case json
    }

    private let output: LineOutput
    private let format: Format

    package init(_ format: Format, to output: LineOutput) {
        self.format = format
        self.output = output
    }

    package func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
        guard !spans.isEmpty else { return Telemetry.ExportResult() }
        do throws(LineOutput.Problem) {
            try write(spans, resource)
            return Telemetry.ExportResult(acknowledged: spans.count)
        } catch {
            return Telemetry.ExportResult(dropped: spans.count, problem: "the spans were not written: \(error)")
        }
    }

    package func shutdown() async { output.close() }

    private func write(_ spans: [Telemetry.SpanData], _ resource: Telemetry.Resource) throws(LineOutput.Problem) {
        switch format {
        case .lines:
            let lines = spans.map { SpanLine.text($0, resource: resource) }
            try output.write(Array(lines.joined(separator: "\n").utf8))
        case .waterfall(let width, let colour):
            let style = TextStyle(width: width, colour: colour)
            let groups = Dictionary(grouping: spans) { $0.context.traceID }
            for trace in groups.keys.sorted(by: { "\($0)" < "\($1)" }) {
                let rows = (groups[trace] ?? []).map { TraceSpan($0, resource: resource) }
                let lines = ["trace \(trace)"] + Waterfall(spans: rows, style: style).lines
                try output.write(Array(lines.joined(separator: "\n").utf8))
            }
        case .json:
            if let json = try? OTLP.encodeJSON(spans, resource: resource) { try output.write(Array(json)) }
        }
    }
}
