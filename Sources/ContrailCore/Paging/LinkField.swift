import HTTPTypes

/// A link of a Link field (RFC 8288 §3). Its bytes are a stranger's.
struct LinkField: Equatable {
    /// As it stands there: a URL reference.
    let target: String
    /// In lower case.
    let relations: [String]

    /// The links of these fields whose context is the response itself. What cannot be read ends the field it stands in.
    static func read(_ headers: HTTPFields) -> [LinkField] {
        guard let name = HTTPField.Name("Link") else { return [] }
        return headers[values: name].flatMap { text in
            var parser = LinkFieldParser(text)
            return parser.links()
        }
    }
}

/// Reads one Link field, in one pass.
private struct LinkFieldParser {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    mutating func links() -> [LinkField] {
        var links: [LinkField] = []
        while true {
            while skipSpace(), take(",") {}
            guard take("<"), let target = takeText(upTo: ">") else { return links }
            let (relations, hasAnchor) = parameters()
            // A link with an anchor speaks of something else (§3.2).
            if !hasAnchor { links.append(LinkField(target: target, relations: relations)) }
        }
    }

    private mutating func parameters() -> (relations: [String], hasAnchor: Bool) {
        var relations: [String]?
        var hasAnchor = false
        while skipSpace(), take(";") {
            _ = skipSpace()
            let name = takeToken().lowercased()
            _ = skipSpace()
            guard take("=") else { continue }
            _ = skipSpace()
            let value = take("\"") ? takeQuoted() : takeToken()
            // The first one counts (§3.3).
            if name == "rel", relations == nil { relations = value.lowercased().split(separator: " ").map(String.init) }
            if name == "anchor" { hasAnchor = true }
        }
        return (relations ?? [], hasAnchor)
    }

    /// Always true, so that it reads well in front of a question.
    private mutating func skipSpace() -> Bool {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func takeText(upTo end: Unicode.Scalar) -> String? {
        guard let index = rest.firstIndex(where: { UInt32($0) == end.value }) else { return nil }
        defer { rest = rest[index...].dropFirst() }
        return String(Substring(rest[..<index]))
    }

    private mutating func takeToken() -> String {
        let token = rest.prefix { !Self.delimiters.contains($0) }
        rest = rest[token.endIndex...]
        return String(Substring(token))
    }

    /// Behind the quotation mark; one that is not closed ends with the field.
    private mutating func takeQuoted() -> String {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { break }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            if let escaped = rest.popFirst() { bytes.append(escaped) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let delimiters = Set(" \t;,=\"".utf8)
}

extension HTTPCall.Response {
    /// The URL that a Link field of this response names for `relation` (`next`, `prev`, …), resolved against ``url``; `nil`
    /// if none does, or what it names is no http or https URL. The first one counts (RFC 8288).
    public func link(_ relation: String) -> RequestURL? {
        let relation = relation.lowercased()
        guard let link = LinkField.read(headers).first(where: { $0.relations.contains(relation) }) else { return nil }
        return try? RequestURL(reference: URLReference(Array(link.target.utf8)[...]), base: url)
    }

    /// True if a Link field names something for `relation`, readable or not.
    func hasLink(_ relation: String) -> Bool {
        LinkField.read(headers).contains { $0.relations.contains(relation) }
    }
}
