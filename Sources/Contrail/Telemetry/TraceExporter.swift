public import ContrailTelemetry

extension Telemetry {
    /// Where spans go. Each one that is configured has a queue, retries and counters of its own.
    public struct TraceExporter: Sendable {
        enum Kind: Sendable {
            case configuredOTLP
            case otlp(OTLPDestination)
            case text(TextStyle, Stream)
            case file(path: String, maxBytes: Int)
            case custom(any SpanExporter, isImmediate: Bool)
        }

        let kind: Kind

        /// The receiver that ``Configuration/otlp`` and the environment describe.
        public static let otlp = TraceExporter(kind: .configuredOTLP)

        /// A further receiver. The environment has no say in it: headers that are meant for one receiver are not sent to
        /// another.
        public static func otlp(_ destination: OTLPDestination) -> TraceExporter {
            TraceExporter(kind: .otlp(destination))
        }

        /// The process's own streams, as text, each span as soon as it has ended. A stream that nobody reads holds back
        /// the export, never the caller.
        public static func console(_ style: TextStyle = .lines, to stream: Stream = .standardOutput) -> TraceExporter {
            TraceExporter(kind: .text(style, stream))
        }

        /// A file with OTLP's JSON, a line per batch (OTLP File Exporter). It is continued if it is there; a batch that
        /// would make it larger than `maxBytes`, 1 GiB by default, is dropped and counted.
        public static func file(path: String, maxBytes: Int = 1 << 30) -> TraceExporter {
            TraceExporter(kind: .file(path: path, maxBytes: maxBytes))
        }

        /// An exporter of yours. `isImmediate`: each span as soon as it has ended; default false, in batches.
        public static func custom(_ exporter: any SpanExporter, isImmediate: Bool = false) -> TraceExporter {
            TraceExporter(kind: .custom(exporter, isImmediate: isImmediate))
        }

        /// What spans look like as text.
        public enum TextStyle: Sendable, Hashable {
            /// A line per span.
            case lines
            /// A tree per trace, with bars to scale, `width` columns wide. Spans of a trace that are exported together are
            /// drawn together, so batches are not immediate.
            case waterfall(width: Int = 120)
            /// OTLP's JSON, a line per batch.
            case json
        }

        /// A stream of the process.
        public enum Stream: Sendable, Hashable {
            /// The standard output.
            case standardOutput
            /// The standard error stream.
            case standardError
        }
    }
}
