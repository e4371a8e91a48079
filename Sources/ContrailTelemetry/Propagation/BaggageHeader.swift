/// The `baggage` header (W3C Baggage, "Header Content").
enum BaggageHeader {
    /// Both limits are what every process must be able to pass on; whole members beyond them are left out (W3C Baggage,
    /// "Limits").
    static let maxMembers = 64
    static let maxBytes = 8192

    private static let comma = UInt8(ascii: ",")

    /// The entries of a header. Members that are not valid are left out, and so is what is beyond the limits; of several
    /// members with one name the last counts.
    static func parse(_ header: String) -> Telemetry.Baggage {
        var baggage = Telemetry.Baggage()
        var rest = header[...].utf8
        var isCut = false
        // One byte more than the limit, to see whether a member ends exactly there.
        if let end = rest.index(rest.startIndex, offsetBy: maxBytes, limitedBy: rest.endIndex), end != rest.endIndex {
            isCut = rest[end] != comma
            rest = rest[..<end]
        }
        var members = 0
        while members < maxMembers {
            let end = rest.firstIndex(of: comma)
            // The last member of a header that is too long is not whole.
            if end == nil, isCut { break }
            let member = rest[..<(end ?? rest.endIndex)].trimmingOptionalWhitespace()
            if !member.isEmpty { members += 1 }
            if let entry = entry(member) { baggage.set(entry) }
            guard let end else { break }
            rest = rest[rest.index(after: end)...]
        }
        return baggage
    }

    /// `name=value;properties`, with white space allowed around each; `nil` if it is not valid.
    private static func entry(_ member: Substring.UTF8View) -> Telemetry.Baggage.Entry? {
        let semicolon = member.firstIndex(of: UInt8(ascii: ";")) ?? member.endIndex
        let pair = member[..<semicolon]
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = pair[..<equals].trimmingOptionalWhitespace()
        let value = pair[pair.index(after: equals)...].trimmingOptionalWhitespace()
        guard isToken(name), value.allSatisfy({ isOctet($0) }) else { return nil }
        let metadata = member[semicolon...].dropFirst().trimmingOptionalWhitespace()
        guard isMetadata(metadata) else { return nil }
        return .init(
            name: String(Substring(name)), value: PercentCoding.decode(value), metadata: String(Substring(metadata)))
    }

    /// The header for `baggage`; `nil` if nothing of it can be sent. Entries whose name is not a token are left out, and so
    /// are those that would exceed the limits; metadata that is not valid is left out of its entry.
    static func format(_ baggage: Telemetry.Baggage) -> String? {
        var header = ""
        var members = 0
        for entry in baggage.entries where members < maxMembers && isToken(entry.name[...].utf8) {
            let member = member(entry)
            let length = header.utf8.count + (header.isEmpty ? 0 : 1) + member.utf8.count
            guard length <= maxBytes else { continue }
            if !header.isEmpty { header += "," }
            header += member
            members += 1
        }
        return header.isEmpty ? nil : header
    }

    private static func member(_ entry: Telemetry.Baggage.Entry) -> String {
        let pair = entry.name + "=" + PercentCoding.encode(entry.value, isPlain: isOctet)
        let metadata = entry.metadata[...].utf8.trimmingOptionalWhitespace()
        guard !metadata.isEmpty, isMetadata(metadata) else { return pair }
        return pair + ";" + String(Substring(metadata))
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ name: Substring.UTF8View) -> Bool {
        !name.isEmpty && name.allSatisfy { isAlphanumeric($0) || tokenPunctuation.contains($0) }
    }

    /// `baggage-octet`: printable ASCII without space, quote, comma, semicolon and backslash.
    private static func isOctet(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !excludedOctets.contains(byte)
    }

    /// Properties are passed on as they came: only what could break the header open is refused.
    private static func isMetadata(_ metadata: Substring.UTF8View) -> Bool {
        metadata.allSatisfy { ((0x20...0x7E).contains($0) || $0 == UInt8(ascii: "\t")) && $0 != comma }
    }

    private static let tokenPunctuation = Array("!#$%&'*+-.^_`|~".utf8)
    private static let excludedOctets = Array("\",;\\".utf8)

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
