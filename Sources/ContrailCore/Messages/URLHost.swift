/// The host of a URL in its one spelling.
enum URLHost {
    /// Lower case, IPv6 without brackets. Refuses what parsers are known to read differently.
    static func normalized(_ host: ArraySlice<UInt8>) throws -> String {
        guard let first = host.first else { throw InvalidURL("The URL has no host.") }
        if first == UInt8(ascii: "[") { return try ipv6(host) }
        guard host.count <= 253 else {
            throw InvalidURL("The host has \(host.count) characters; a name has at most 253.")
        }
        guard host.allSatisfy(isNameByte) else {
            throw InvalidURL(
                "The host \"\(String(decoding: host, as: UTF8.self))\" has characters that a host name cannot have; "
                    + "write an international name in its xn-- form.")
        }
        let text = String(decoding: host, as: UTF8.self).lowercased()
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard !labels.dropLast().contains(where: \.isEmpty), text != "." else {
            throw InvalidURL("The host \"\(text)\" has an empty label.")
        }
        if let last = labels.last(where: { !$0.isEmpty }), looksNumeric(last) { try checkIPv4(labels, text) }
        return text
    }

    /// RFC 4291 §2.2: eight groups of up to four hexadecimal digits, once abbreviated by `::`; the last two may be an IPv4
    /// address.
    private static func ipv6(_ host: ArraySlice<UInt8>) throws -> String {
        let refusal = InvalidURL(
            "The host \"\(String(decoding: host, as: UTF8.self))\" is not an IPv6 address in brackets.")
        guard host.last == UInt8(ascii: "]") else { throw refusal }
        let text = String(decoding: host.dropFirst().dropLast(), as: UTF8.self).lowercased()
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, text != "::" || halves.count == 2 else { throw refusal }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            var parts = half.split(separator: ":", omittingEmptySubsequences: false)
            if index == halves.count - 1, let last = parts.last, last.contains(".") {
                try checkIPv4(last.split(separator: ".", omittingEmptySubsequences: false), text)
                parts.removeLast()
                groups += 2
            }
            guard parts.allSatisfy({ (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy(isHexDigit) }) else {
                throw refusal
            }
            groups += parts.count
        }
        guard halves.count == 2 ? groups <= 7 : groups == 8 else { throw refusal }
        return text
    }

    /// Only four decimal numbers: `0x7f.1` and `017700000001` mean 127.0.0.1 to some and a name to others.
    private static func checkIPv4(_ labels: [Substring], _ text: String) throws {
        let valid =
            labels.count == 4
            && labels.allSatisfy { label in
                guard let number = UInt8(label) else { return false }
                return String(number) == label
            }
        guard valid else {
            throw InvalidURL("The host \"\(text)\" looks like an IPv4 address but is not four numbers from 0 to 255.")
        }
    }

    private static func looksNumeric(_ label: Substring) -> Bool {
        label.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            || (label.hasPrefix("0x") && label.utf8.dropFirst(2).allSatisfy(isHexDigit))
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
