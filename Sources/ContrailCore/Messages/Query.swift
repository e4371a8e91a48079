extension HTTPCall {
    /// Query parameters in order; names may repeat. Written like a dictionary: `["q": "swift", "page": "2"]`.
    public struct Query: Sendable, Hashable, ExpressibleByDictionaryLiteral {
        /// A name with its value; `nil` for a name alone.
        public struct Item: Sendable, Hashable {
            /// The name, not encoded.
            public var name: String
            /// The value, not encoded.
            public var value: String?

            /// A parameter.
            public init(_ name: String, _ value: String?) {
                self.name = name
                self.value = value
            }
        }

        /// The parameters.
        public var items: [Item]

        /// These parameters.
        public init(_ items: [Item]) { self.items = items }

        /// Parameters as a literal.
        public init(dictionaryLiteral elements: (String, String?)...) {
            items = elements.map { Item($0.0, $0.1) }
        }
    }
}
