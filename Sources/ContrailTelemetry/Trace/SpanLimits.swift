extension Telemetry {
    /// How much a span may hold (OTel Trace SDK, "Span Limits"; OTel Common, "Attribute Limits").
    ///
    /// What is beyond a limit is left out and counted. Negative values mean zero.
    public struct SpanLimits: Sendable, Hashable {
        /// Attributes of a span. Default 128. A key that is already there can always be set again.
        public var attributes = 128
        /// Unicode code points of a string value and bytes of a byte value, inside arrays and maps too; what is longer is cut.
        /// Default `nil`: no limit.
        public var attributeValueLength: Int?
        /// Events of a span. Default 128.
        public var events = 128
        /// Links of a span. Default 128.
        public var links = 128
        /// Attributes of one event. Default 128.
        public var attributesPerEvent = 128
        /// Attributes of one link. Default 128.
        public var attributesPerLink = 128

        /// The limits of the specification.
        public init() {}
    }
}
