/// Percent coding of the UTF-8 bytes of a text (RFC 3986 §2.1).
enum PercentCoding {
    /// The text with every byte encoded for which `isPlain` is false, `%` always.
    static func encode(_ text: String, isPlain: (UInt8) -> Bool) -> String {
        guard !text.utf8.allSatisfy({ isPlain($0) && $0 != percent }) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if isPlain(byte), byte != percent {
                bytes.append(byte)
            } else {
                bytes += [percent, digit(byte >> 4), digit(byte & 0xF)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text with every `%` and two digits decoded. A `%` without them stays as it is; bytes that are then not UTF-8 become
    /// U+FFFD.
    static func decode(_ text: Substring.UTF8View) -> String {
        guard text.contains(percent) else { return String(Substring(text)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == percent, let decoded = value(rest.prefix(2)) else {
                bytes.append(byte)
                continue
            }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let percent = UInt8(ascii: "%")

    /// Uppercase, as RFC 3986 §2.1 wants it.
    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? nibble + UInt8(ascii: "0") : nibble - 10 + UInt8(ascii: "A")
    }

    private static func value(_ digits: Substring.UTF8View) -> UInt8? {
        guard digits.count == 2, let high = digits.first.flatMap(nibble), let low = digits.last.flatMap(nibble) else {
            return nil
        }
        return high << 4 | low
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
