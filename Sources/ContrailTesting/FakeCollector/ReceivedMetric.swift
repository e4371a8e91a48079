public import ContrailTelemetry

extension FakeCollector {
    /// A metric as it was decoded, with what it came with.
    public struct ReceivedMetric: Sendable, Hashable {
        /// The instrument's name.
        public var name: String
        /// What it measures.
        public var description: String
        /// The unit (UCUM).
        public var unit: String
        /// What its points are.
        public var kind: Kind
        /// True for sums that only grow.
        public var isMonotonic = false
        /// What the points of sums and histograms start from; `nil` for gauges and summaries.
        public var temporality: Temporality?
        /// One point per set of attributes.
        public var points: [Point]
        /// Which library measured it.
        public var scope: Telemetry.Scope
        /// What produced it.
        public var resource: Telemetry.Resource

        /// What the points of a metric are.
        public enum Kind: Sendable, Hashable {
            /// The last value.
            case gauge
            /// What was added up.
            case sum
            /// Counts per bucket.
            case histogram
            /// Counts per bucket of a scale.
            case exponentialHistogram
            /// Quantiles.
            case summary
        }

        /// What a point starts from.
        public enum Temporality: Sendable, Hashable {
            /// The last point.
            case delta
            /// The beginning.
            case cumulative
        }

        /// A point.
        public struct Point: Sendable, Hashable {
            /// Its attributes.
            public var attributes: [Telemetry.Attribute]
            /// Since when, in nanoseconds since 1970-01-01 UTC; 0 if not said.
            public var startNanoseconds: UInt64
            /// Until when, in nanoseconds since 1970-01-01 UTC.
            public var nanoseconds: UInt64
            /// The number of a gauge or sum; whole numbers too. `nil` for the other kinds.
            public var value: Double?
            /// How many values there were, in histograms and summaries.
            public var count: UInt64?
            /// What the values add up to, in histograms and summaries, if it is known.
            public var sum: Double?
            /// How many values fell in each bucket of a histogram.
            public var bucketCounts: [UInt64]
            /// The borders between the buckets of a histogram.
            public var bounds: [Double]
        }
    }

    /// A log record as it was decoded, with what it came with.
    public struct ReceivedLog: Sendable, Hashable {
        /// What it says; `nil` if nothing.
        public var body: Telemetry.AttributeValue?
        /// 1 to 24; 0 if not said.
        public var severity: Int
        /// The severity as the source names it.
        public var severityText: String
        /// The name of the event, if it is one; else empty.
        public var eventName: String
        /// Details.
        public var attributes: [Telemetry.Attribute]
        /// When it happened, in nanoseconds since 1970-01-01 UTC; 0 if not known.
        public var nanoseconds: UInt64
        /// When it was seen, in nanoseconds since 1970-01-01 UTC.
        public var observedNanoseconds: UInt64
        /// The trace it belongs to.
        public var traceID: Telemetry.TraceID?
        /// The span it belongs to.
        public var spanID: Telemetry.SpanID?
        /// Which library or logger it is from.
        public var scope: Telemetry.Scope
        /// What produced it.
        public var resource: Telemetry.Resource
    }
}
