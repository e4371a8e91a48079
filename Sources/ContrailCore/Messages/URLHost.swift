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
        // Bytes and not characters: every request comes through here.
        let text = String(decoding: host.map(lowercased), as: UTF8.self)
        guard first != dot, !zip(host, host.dropFirst()).contains(where: { $0 == dot && $1 == dot }) else {
            throw InvalidURL("The host \"\(text)\" has an empty label.")
        }
        let name = host.last == dot ? host.dropLast() : host
        if looksNumeric(name[(name.lastIndex(of: dot).map { $0 + 1 } ?? name.startIndex)...]), !isIPv4(host) {
            throw notIPv4(text)
        }
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
                guard isIPv4(last.utf8) else { throw notIPv4(text) }
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
    static func isIPv4(_ bytes: some Sequence<UInt8>) -> Bool {
        var dots = 0
        var number: Int?
        for byte in bytes {
            if byte == dot {
                guard number != nil else { return false }
                dots += 1
                number = nil
            } else {
                guard isDigit(byte), number != 0 else { return false }
                let next = (number ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
                guard next <= 255 else { return false }
                number = next
            }
        }
        return dots == 3 && number != nil
    }

    private static func notIPv4(_ text: String) -> InvalidURL {
        InvalidURL("The host \"\(text)\" looks like an IPv4 address but is not four numbers from 0 to 255.")
    }

    private static func looksNumeric(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy(isDigit) { return true }
        let isMarked =
            label.count >= 2 && label.first == UInt8(ascii: "0")
            && lowercased(label[label.startIndex + 1]) == UInt8(ascii: "x")
        return isMarked && label.dropFirst(2).allSatisfy(isHexDigit)
    }

    private static let dot = UInt8(ascii: ".")

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
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
