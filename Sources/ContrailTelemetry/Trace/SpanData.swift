import ContrailBase

extension Telemetry {
    /// A span that has ended, as processors and exporters see it. Never changes.
    public struct SpanData: Sendable, Hashable {
        /// Ids, flags and trace state.
        public var context: SpanContext
        /// The parent's id; `nil` for a root.
        public var parentSpanID: SpanID?
        /// True if the parent is in another process.
        public var parentIsRemote = false
        /// The name; low cardinality.
        public var name: String
        /// Its role in the call chain.
        public var kind: Kind = .internal
        /// Start, in nanoseconds since 1970-01-01 UTC.
        public var startNanoseconds: UInt64
        /// End, in nanoseconds since 1970-01-01 UTC; not before the start.
        public var endNanoseconds: UInt64
        /// The attributes, keys unique, in the order they were first set.
        public var attributes: [Attribute] = []
        /// Attributes that the limit kept out.
        public var droppedAttributes: UInt32 = 0
        /// What happened, in order.
        public var events: [Event] = []
        /// Events that the limit kept out.
        public var droppedEvents: UInt32 = 0
        /// Spans of other traces or branches that belong to this one.
        public var links: [Link] = []
        /// Links that the limit kept out.
        public var droppedLinks: UInt32 = 0
        /// How it went.
        public var status: Status = .unset
        /// Which library made it.
        public var scope: Scope

        /// A span without attributes, events and links.
        public init(
            context: SpanContext, name: String, startNanoseconds: UInt64, endNanoseconds: UInt64, scope: Scope
        ) {
            self.context = context
            self.name = name
            self.startNanoseconds = startNanoseconds
            self.endNanoseconds = endNanoseconds
            self.scope = scope
        }

        /// A span's role (OTel Trace API, "SpanKind").
        public enum Kind: Sendable, Hashable {
            /// Inside one process.
            case `internal`
            /// Answers a remote request.
            case server
            /// Makes a remote request.
            case client
            /// Puts a message somewhere.
            case producer
            /// Takes a message from somewhere.
            case consumer
        }

        /// How a span went (OTel Trace API, "Set Status").
        public enum Status: Sendable, Hashable {
            /// Nobody said.
            case unset
            /// The application says that it went well.
            case ok
            /// It failed; with a description for people, or an empty one.
            case error(String)
        }

        /// Something that happened at a point in time.
        public struct Event: Sendable, Hashable {
            /// What.
            public var name: String
            /// When, in nanoseconds since 1970-01-01 UTC.
            public var nanoseconds: UInt64
            /// Details.
            public var attributes: [Attribute]
            /// Attributes that the limit kept out.
            public var droppedAttributes: UInt32 = 0

            /// An event.
            public init(name: String, nanoseconds: UInt64, attributes: [Attribute] = []) {
                self.name = name
                self.nanoseconds = nanoseconds
                self.attributes = attributes
            }
        }

        /// A reference to another span.
        public struct Link: Sendable, Hashable {
            /// Which span.
            public var context: SpanContext
            /// Details.
            public var attributes: [Attribute]
            /// Attributes that the limit kept out.
            public var droppedAttributes: UInt32 = 0

            /// A link.
            public init(context: SpanContext, attributes: [Attribute] = []) {
                self.context = context
                self.attributes = attributes
            }
        }
    }

    /// The library that makes spans (OTel, "InstrumentationScope").
    ///
    /// Costs one reference to copy: every span has one.
    public struct Scope: Sendable, Hashable {
        private var parts: Shared<Parts>

        /// The library's name.
        public var name: String {
            get { parts.value.name }
            set { parts.value.name = newValue }
        }
        /// The library's version; may be empty.
        public var version: String {
            get { parts.value.version }
            set { parts.value.version = newValue }
        }
        /// The schema its attribute names follow; may be empty.
        public var schemaURL: String {
            get { parts.value.schemaURL }
            set { parts.value.schemaURL = newValue }
        }
        /// Details.
        public var attributes: [Attribute] {
            get { parts.value.attributes }
            _modify { yield &parts.value.attributes }
        }

        /// A scope.
        public init(name: String, version: String = "", schemaURL: String = "", attributes: [Attribute] = []) {
            parts = Shared(Parts(name: name, version: version, schemaURL: schemaURL, attributes: attributes))
        }

        private struct Parts: Hashable {
            var name: String
            var version: String
            var schemaURL: String
            var attributes: [Attribute]
        }
    }
}
