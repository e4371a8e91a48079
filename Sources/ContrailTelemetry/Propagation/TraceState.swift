extension Telemetry {
    /// The vendors' list that travels with a trace (W3C Trace Context Level 2 §3.3), to be read and changed.
    ///
    /// A span context carries the list as text, which nearly everybody only passes on; who changes it, a sampler say, makes
    /// one of these from it and gives back its ``description``. Always valid: a change that would not be is not made.
    public struct TraceState: Sendable, Hashable, CustomStringConvertible {
        /// Lists with more members are ignored as a whole (§3.3.1.1).
        public static let maxMembers = 32

        private struct Member: Sendable, Hashable {
            let key: Substring
            let value: Substring
        }

        /// First the one that was changed last.
        private var members: [Member]

        /// An empty list.
        public init() { members = [] }

        /// The list of a header; empty if one of its members is not valid, or there are too many (§3.3.1).
        public init(_ header: String) {
            members = TraceStateGrammar.members(of: header)?.map { Self.split($0) } ?? []
        }

        /// The value of a key; `nil` if the list does not have it. Of several members with one key the first counts.
        public subscript(key: String) -> String? { members.first { $0.key == key }.map { String($0.value) } }

        /// The keys, in order.
        public var keys: [String] { members.map { String($0.key) } }

        /// Sets a member, and moves it to the front, where the specification wants what was changed last (§3.5). A full list
        /// loses its last member.
        ///
        /// - Returns: false, and nothing is changed, if key or value are not valid.
        @discardableResult public mutating func set(_ key: String, to value: String) -> Bool {
            let trimmed = Substring(value.utf8.trimmingOptionalWhitespace())
            guard trimmed == value, TraceStateGrammar.isKey(key[...].utf8), TraceStateGrammar.isValue(value[...].utf8)
            else { return false }
            remove(key)
            if members.count >= Self.maxMembers { members.removeLast() }
            members.insert(Member(key: key[...], value: value[...]), at: 0)
            return true
        }

        /// Takes every member of this key away.
        public mutating func remove(_ key: String) { members.removeAll { $0.key == key } }

        /// The list as a header; empty if there are no members.
        public var description: String { members.map { "\($0.key)=\($0.value)" }.joined(separator: ",") }

        /// The list of `header` as it may be passed on: see ``TraceStateGrammar/members(of:)``. Empty if it is not valid.
        static func sanitize(_ header: some StringProtocol) -> String {
            guard !header.isEmpty, let members = TraceStateGrammar.members(of: header) else { return "" }
            return members.joined(separator: ",")
        }

        /// A valid member always has an equals sign.
        private static func split(_ member: Substring) -> Member {
            let equals = member.utf8.firstIndex(of: UInt8(ascii: "=")) ?? member.endIndex
            return Member(key: member[..<equals], value: member[equals...].dropFirst())
        }
    }
}

extension Telemetry.SpanContext {
    /// The `tracestate` header of a request that this span sends; `nil` if there is none to be sent. What a program put
    /// there by hand and is not valid is not sent: it could be anything, a second header included.
    package var traceStateHeader: String? {
        guard !traceState.isEmpty else { return nil }
        if TraceStateGrammar.isPassable(traceState) { return traceState }
        let list = Telemetry.TraceState.sanitize(traceState)
        return list.isEmpty ? nil : list
    }
}

/// What is a valid `tracestate` header (W3C Trace Context Level 2 §3.3).
enum TraceStateGrammar {
    private static let maxKeyBytes = 256
    private static let maxValueBytes = 256
    private static let comma = UInt8(ascii: ",")

    /// The members of `header`, in order, without white space around them and without empty members; `nil` if one of them
    /// is not valid, or there are too many: then the whole list is to be discarded (§3.3.1).
    ///
    /// Members with the same key are all kept: the list is passed on, not interpreted.
    static func members(of header: some StringProtocol) -> [Substring]? {
        var members: [Substring] = []
        var rest = Substring(header).utf8
        while true {
            let end = rest.firstIndex(of: comma)
            let member = rest[..<(end ?? rest.endIndex)].trimmingOptionalWhitespace()
            if !member.isEmpty {
                guard members.count < Telemetry.TraceState.maxMembers, isMember(member) else { return nil }
                members.append(Substring(member))
            }
            guard let end else { return members }
            rest = rest[rest.index(after: end)...]
        }
    }

    /// True if `list` is a valid list as it stands, without white space or empty members. Allocates nothing.
    static func isPassable(_ list: String) -> Bool {
        var count = 0
        var rest = list[...].utf8
        while true {
            let end = rest.firstIndex(of: comma)
            let member = rest[..<(end ?? rest.endIndex)]
            count += 1
            guard count <= Telemetry.TraceState.maxMembers, isMember(member), member.last != UInt8(ascii: " ") else {
                return false
            }
            guard let end else { return true }
            rest = rest[rest.index(after: end)...]
        }
    }

    /// `key=value`, where the value itself has no equals sign.
    private static func isMember(_ member: Substring.UTF8View) -> Bool {
        guard let equals = member.firstIndex(of: UInt8(ascii: "=")) else { return false }
        return isKey(member[..<equals]) && isValue(member[member.index(after: equals)...])
    }

    /// A lowercase letter or a digit, then up to 255 of those and `_-*/@` (§3.3.1.3.1; Level 1's tenant rule is gone).
    static func isKey(_ key: Substring.UTF8View) -> Bool {
        guard let first = key.first, isAlphanumeric(first), key.count <= maxKeyBytes else { return false }
        return key.allSatisfy { isAlphanumeric($0) || keyPunctuation.contains($0) }
    }

    /// 1 to 256 printable ASCII characters without comma and equals sign (§3.3.1.3.2). White space at the end
    /// has been trimmed with the member; at the start it belongs to the value.
    static func isValue(_ value: Substring.UTF8View) -> Bool {
        guard !value.isEmpty, value.count <= maxValueBytes else { return false }
        return value.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") && $0 != comma }
    }

    private static let keyPunctuation = Array("_-*/@".utf8)

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
