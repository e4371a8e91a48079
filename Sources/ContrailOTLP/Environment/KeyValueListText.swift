/// The `key=value,key=value` form of OTEL_RESOURCE_ATTRIBUTES and of the OTLP headers, values percent-encoded.
enum KeyValueListText {
    /// Why a list is no good; names no value, since values may be secrets.
    struct Problem: Error, Equatable {
        var what: String
    }

    /// The pairs, still encoded, without the blanks around keys and values. An empty member (`a=1,,b=2`) is skipped.
    static func pairs(_ text: String) throws(Problem) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for member in text.utf8.split(separator: UInt8(ascii: ",")) {
            let member = trim(member)
            if member.isEmpty { continue }
            guard let equals = member.firstIndex(of: UInt8(ascii: "=")) else {
                throw Problem(what: "member \(pairs.count + 1) has no '='")
            }
            let key = trim(member[..<equals])
            guard !key.isEmpty else { throw Problem(what: "member \(pairs.count + 1) has no key") }
            pairs.append((String(key) ?? "", String(trim(member[member.index(after: equals)...])) ?? ""))
        }
        return pairs
    }

    /// The text with its %XX decoded, or `nil` if a % has no two hexadecimal digits behind it or the result is not
    /// UTF-8.
    static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Hexadecimal.value),
                let low = rest.popFirst().flatMap(Hexadecimal.value)
            else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func trim(_ text: Substring.UTF8View) -> Substring.UTF8View {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text = text.dropLast() }
        return text
    }
}
