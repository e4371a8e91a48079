extension Telemetry {
    /// A trace's id: 16 bytes, not all zero (W3C Trace Context Level 2 §3.2.2.3).
    public struct TraceID: Sendable, Hashable {
        package let high: UInt64
        package let low: UInt64

        /// The id with these 16 bytes, in big-endian order; `nil` if all are zero.
        public init?(high: UInt64, low: UInt64) {
            guard high != 0 || low != 0 else { return nil }
            self.high = high
            self.low = low
        }
    }

    /// A span's id: 8 bytes, not all zero (W3C Trace Context Level 2 §3.2.2.4).
    public struct SpanID: Sendable, Hashable {
        package let value: UInt64

        /// The id with these 8 bytes, in big-endian order; `nil` if all are zero.
        public init?(_ value: UInt64) {
            guard value != 0 else { return nil }
            self.value = value
        }
    }
}
