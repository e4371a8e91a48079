public import Tracing

extension Telemetry {
    /// Names and values that travel with a request to every process below (OTel Baggage API; W3C Baggage).
    ///
    /// Everyone on the way can read it, and it goes to whoever is called: nothing secret belongs here. How much travels is
    /// bounded where it is written, see ``BaggagePropagator``.
    public struct Baggage: Sendable, Hashable {
        /// One name and its value.
        public struct Entry: Sendable, Hashable {
            /// The name, compared with case. What is not a token (RFC 9110 §5.6.2) stays in this process.
            public var name: String
            /// The value: any text.
            public var value: String
            /// The entry's properties as they are on the wire, `a;b=c`; not interpreted. Empty if there are none.
            public var metadata: String

            /// An entry.
            public init(name: String, value: String, metadata: String = "") {
                self.name = name
                self.value = value
                self.metadata = metadata
            }
        }

        /// All entries, names unique, in the order they were first set.
        public private(set) var entries: [Entry] = []

        /// No entries.
        public init() {}

        /// The value of a name; `nil` if there is none. Setting it drops the entry's metadata; setting `nil` removes it.
        public subscript(name: String) -> String? {
            get { entries.first { $0.name == name }?.value }
            set {
                if let newValue { set(Entry(name: name, value: newValue)) } else { remove(name) }
            }
        }

        /// Adds an entry, or replaces the one of the same name. Ignored if the name is empty.
        public mutating func set(_ entry: Entry) {
            guard !entry.name.isEmpty else { return }
            if let index = entries.firstIndex(where: { $0.name == entry.name }) {
                entries[index] = entry
            } else {
                entries.append(entry)
            }
        }

        /// Removes an entry; does nothing if there is none.
        public mutating func remove(_ name: String) { entries.removeAll { $0.name == name } }

        /// True if there are no entries.
        public var isEmpty: Bool { entries.isEmpty }
    }
}

extension ServiceContext {
    /// The baggage that requests made in this context carry; `nil` if there is none. Set it to empty to send none to a
    /// process that is not to be trusted.
    public var baggage: Telemetry.Baggage? {
        get { self[BaggageKey.self] }
        set { self[BaggageKey.self] = newValue }
    }
}

private enum BaggageKey: ServiceContextKey {
    typealias Value = Telemetry.Baggage
    static var nameOverride: String? { "opentelemetry-baggage" }
}
