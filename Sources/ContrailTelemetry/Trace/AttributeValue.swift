extension Telemetry {
    /// A key and its value.
    public struct Attribute: Sendable, Hashable {
        /// The key; not empty.
        public var key: String
        /// The value.
        public var value: AttributeValue

        /// An attribute.
        public init(_ key: String, _ value: AttributeValue) {
            self.key = key
            self.value = value
        }
    }

    /// What an attribute can hold (OTel Common, "AnyValue").
    public enum AttributeValue: Sendable, Hashable {
        /// Text.
        case string(String)
        /// True or false.
        case bool(Bool)
        /// A whole number.
        case int(Int64)
        /// A floating-point number.
        case double(Double)
        /// Raw bytes.
        case bytes([UInt8])
        /// Values in order, of any kind.
        case array([AttributeValue])
        /// Values by name.
        case map([Attribute])
    }
}
