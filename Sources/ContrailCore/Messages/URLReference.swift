/// A URL reference as a server writes it, in its five parts (RFC 3986 §4.1 and appendix B), not yet judged.
struct URLReference {
    let scheme: ArraySlice<UInt8>?
    let authority: ArraySlice<UInt8>?
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>?
    let fragment: ArraySlice<UInt8>?

    /// Cuts `bytes` where the delimiters stand; every text has such parts.
    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        fragment = Self.cut(&rest, at: UInt8(ascii: "#"))
        query = Self.cut(&rest, at: UInt8(ascii: "?"))
        scheme = Self.takeScheme(&rest)
        authority = Self.takeAuthority(&rest)
        path = rest
    }

    private static func cut(_ rest: inout ArraySlice<UInt8>, at delimiter: UInt8) -> ArraySlice<UInt8>? {
        guard let index = rest.firstIndex(of: delimiter) else { return nil }
        defer { rest = rest[..<index] }
        return rest[(index + 1)...]
    }

    private static func takeScheme(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let colon = rest.firstIndex(where: { !URLParser.isSchemeByte($0) }), rest[colon] == UInt8(ascii: ":"),
            let first = rest.first, URLParser.isLetter(first)
        else { return nil }
        defer { rest = rest[(colon + 1)...] }
        return rest[..<colon]
    }

    private static func takeAuthority(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.starts(with: "//".utf8) else { return nil }
        let behind = rest.dropFirst(2)
        let end = behind.firstIndex(of: UInt8(ascii: "/")) ?? behind.endIndex
        defer { rest = behind[end...] }
        return behind[..<end]
    }
}

extension RequestURL {
    /// Resolves `reference` against `base` (RFC 3986 §5.2, strict), then checks the result as every URL is checked.
    ///
    /// A reference without a fragment inherits the base's (RFC 9110 §10.2.2). Bytes beyond ASCII are percent-encoded as
    /// they are: whatever charset the server meant, it gets its own bytes back. Throws ``InvalidURL``.
    init(reference: URLReference, base: RequestURL) throws {
        var output: [UInt8] = []
        let baseQuery = base.target.firstIndex(of: "?").map { base.target[$0...].dropFirst() }
        var query = reference.query
        if let scheme = reference.scheme {
            output += scheme
            output.append(UInt8(ascii: ":"))
            Self.append(reference.authority, to: &output)
            output += reference.path
        } else if let authority = reference.authority {
            output += "\(base.origin.scheme.rawValue):".utf8
            Self.append(authority, to: &output)
            output += reference.path
        } else {
            output += base.originText.utf8
            if reference.path.isEmpty {
                output += base.path.utf8
                if query == nil { query = baseQuery.map { Array($0.utf8)[...] } }
            } else {
                if reference.path.first != UInt8(ascii: "/") {
                    let kept = base.path[...(base.path.lastIndex(of: "/") ?? base.path.startIndex)]
                    output += kept.utf8
                }
                output += reference.path
            }
        }
        if let query {
            output.append(UInt8(ascii: "?"))
            output += query
        }
        if let fragment = reference.fragment ?? base.fragment.map({ Array($0.utf8)[...] }) {
            output.append(UInt8(ascii: "#"))
            output += fragment
        }
        var ascii: [UInt8] = []
        PercentEncoding.append(output, allowed: { $0 < 0x80 }, to: &ascii)
        try self.init(String(decoding: ascii, as: UTF8.self))
    }

    private static func append(_ authority: ArraySlice<UInt8>?, to output: inout [UInt8]) {
        guard let authority else { return }
        output += "//".utf8
        output += authority
    }

    /// Behind the `#`; `nil` without one.
    var fragment: Substring? {
        guard let hash = text.firstIndex(of: "#") else { return nil }
        return text[hash...].dropFirst()
    }
}
