extension Telemetry {
    /// What produced the telemetry: a service, its process, its host. Never changes once a provider has it.
    public struct Resource: Sendable, Hashable {
        /// The attributes; keys unique.
        public var attributes: [Attribute]
        /// The schema the names follow; may be empty.
        public var schemaURL: String

        /// A resource with these attributes.
        public init(attributes: [Attribute] = [], schemaURL: String = "") {
            self.attributes = attributes
            self.schemaURL = schemaURL
        }
    }
}
