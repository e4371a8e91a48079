import ContrailOTLP

extension FakeCollector {
    /// Something that was accepted although the specification forbids it.
    public struct Violation: Sendable, Hashable, CustomStringConvertible {
        /// Which rule.
        public var rule: Check
        /// What and where, for people.
        public var what: String

        /// The rule and what broke it.
        public var description: String { "\(rule.name): \(what)" }
    }

    /// A rule that is checked. Real receivers let nearly all of this pass, and lose data later.
    public struct Check: Sendable, Hashable, CaseIterable {
        let rule: Inspector.Rule

        /// The rule's name.
        public var name: String { rule.rawValue }

        /// Trace ids have 16 bytes, span ids 8, none is all zero; no span is its own parent; none comes twice in a request.
        public static let ids = Check(rule: .ids)
        /// A span has a start, and does not end before it; events have a time.
        public static let times = Check(rule: .times)
        /// Attribute keys are unique in their list, and not empty.
        public static let keys = Check(rule: .keys)
        /// Every field is in the schema of OTLP 1.11.
        public static let unknownFields = Check(rule: .unknownFields)
        /// The resource has a `service.name`.
        public static let serviceName = Check(rule: .serviceName)
        /// Spans and events have a name.
        public static let names = Check(rule: .names)
        /// Values are of the kinds that attributes have.
        public static let values = Check(rule: .values)
        /// No request is empty.
        public static let emptyRequest = Check(rule: .emptyRequest)

        /// All of them.
        public static var allCases: [Check] { Inspector.Rule.allCases.map { Check(rule: $0) } }
    }
}
