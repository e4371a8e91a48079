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

    private static func ipv6(_ host: ArraySlice<UInt8>) throws -> String {
        let inner = host.dropFirst().dropLast()
        guard host.last == UInt8(ascii: "]"), inner.count(where: { $0 == UInt8(ascii: ":") }) >= 2,
            inner.allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
        else {
            throw InvalidURL(
                "The host \"\(String(decoding: host, as: UTF8.self))\" is not an IPv6 address in brackets.")
        }
        return String(decoding: inner, as: UTF8.self).lowercased()
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
