/// The `tracestate` header (W3C Trace Context Level 2 §3.3).
enum TraceState {
    /// Lists with more members are ignored as a whole (§3.3.1.1).
    static let maxMembers = 32
    static let maxKeyBytes = 256
    static let maxValueBytes = 256

    /// The members of `header`, in order, without white space around them and without empty members;
    /// empty if one of them is not valid: then the whole list is to be discarded (§3.3.1).
    ///
    /// Members with the same key are all kept: the list is passed on, not interpreted.
    static func sanitize(_ header: some StringProtocol) -> String {
        var members: [Substring] = []
        var rest = Substring(header).utf8
        while true {
            let comma = rest.firstIndex(of: UInt8(ascii: ","))
            let member = rest[..<(comma ?? rest.endIndex)].trimmingOptionalWhitespace()
            if !member.isEmpty {
                guard members.count < maxMembers, isMember(member) else { return "" }
                members.append(Substring(member))
            }
            guard let comma else { break }
            rest = rest[rest.index(after: comma)...]
        }
        return members.joined(separator: ",")
    }

    /// `key=value`, where the value itself has no equals sign.
    private static func isMember(_ member: Substring.UTF8View) -> Bool {
        guard let equals = member.firstIndex(of: UInt8(ascii: "=")) else { return false }
        return isKey(member[..<equals]) && isValue(member[member.index(after: equals)...])
    }

    /// A lowercase letter or a digit, then up to 255 of those and `_-*/@` (§3.3.1.3.1; Level 1's tenant rule is gone).
    private static func isKey(_ key: Substring.UTF8View) -> Bool {
        guard let first = key.first, isAlphanumeric(first), key.count <= maxKeyBytes else { return false }
        return key.allSatisfy { isAlphanumeric($0) || keyPunctuation.contains($0) }
    }

    /// 1 to 256 printable ASCII characters without comma and equals sign (§3.3.1.3.2). White space at the end
    /// has been trimmed with the member; at the start it belongs to the value.
    private static func isValue(_ value: Substring.UTF8View) -> Bool {
        guard !value.isEmpty, value.count <= maxValueBytes else { return false }
        return value.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
    }

    private static let keyPunctuation = Array("_-*/@".utf8)

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
