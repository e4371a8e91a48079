extension Telemetry.TraceID {
    /// The id with these bits. All zero is not an id (W3C Trace Context Level 2 §3.2.2.3) and becomes 1.
    package init(bits high: UInt64, _ low: UInt64) {
        self.high = high
        self.low = high == 0 && low == 0 ? 1 : low
    }
}

extension Telemetry.SpanID {
    /// The id with these bits. Zero is not an id (W3C Trace Context Level 2 §3.2.2.4) and becomes 1.
    package init(bits: UInt64) { value = bits == 0 ? 1 : bits }
}
