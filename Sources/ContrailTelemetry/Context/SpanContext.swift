extension Telemetry {
    /// The part of a span that crosses process borders (OTel Trace API, "SpanContext").
    public struct SpanContext: Sendable, Hashable {
        /// The trace the span belongs to.
        public var traceID: TraceID
        /// The span.
        public var spanID: SpanID
        /// Sampled and random flags.
        public var flags: TraceFlags
        /// The vendors' list as received, to be passed on; empty if there is none. At most 32 members.
        public var traceState: String
        /// True if it came from another process.
        public var isRemote: Bool

        /// A context.
        public init(
            traceID: TraceID, spanID: SpanID, flags: TraceFlags, traceState: String = "", isRemote: Bool = false
        ) {
            self.traceID = traceID
            self.spanID = spanID
            self.flags = flags
            self.traceState = traceState
            self.isRemote = isRemote
        }
    }

    /// The flags of a trace (W3C Trace Context Level 2 §3.2.2.5).
    public struct TraceFlags: OptionSet, Sendable, Hashable {
        /// The eight bits.
        public let rawValue: UInt8
        /// Flags with these bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The caller may have recorded the trace.
        public static let sampled = TraceFlags(rawValue: 0x01)
        /// The right-most 7 bytes of the trace id are random.
        public static let random = TraceFlags(rawValue: 0x02)
    }
}
