/// Reads a URL text into its checked, encoded form (RFC 3986, the parts of it that http needs).
struct URLParser {
    private let bytes: [UInt8]
    private let base: RequestURL?
    private var position = 0

    /// URLs beyond this many bytes are refused: servers and proxies refuse them as well.
    static let maxBytes = 64 * 1024

    init(_ text: String, base: RequestURL?) {
        bytes = Array(text.utf8)
        self.base = base
    }

    struct Parsed {
        let text: String
        let origin: Origin
        let pathOffset: Int
    }

    mutating func parse(query: HTTPCall.Query) throws -> Parsed {
        try checkBytes()
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 16)
        let origin: Origin
        if let scheme = try readScheme() {
            origin = try readAuthority(scheme)
            output += scheme.rawValue.utf8
            output += "://".utf8
            Self.append(origin, to: &output)
        } else {
            guard let base else {
                throw InvalidURL(
                    "The URL has no scheme: write http:// or https:// in front, or give the client a base URL.")
            }
            guard !starts(with: "//") else {
                throw InvalidURL(
                    "The URL begins with //, which would leave the base URL's host. Write the scheme as well.")
            }
            origin = base.origin
            output += base.text.utf8.prefix(base.text.utf8.count - base.target.utf8.count - base.fragmentBytes)
        }
        let pathOffset = output.count
        appendPath(to: &output)
        appendQuery(query, to: &output)
        appendFragment(to: &output)
        return Parsed(text: String(decoding: output, as: UTF8.self), origin: origin, pathOffset: pathOffset)
    }

    // MARK: Reading

    private func checkBytes() throws {
        guard !bytes.isEmpty || base != nil else { throw InvalidURL("The URL is empty.") }
        guard bytes.count <= Self.maxBytes else {
            throw InvalidURL("The URL has \(bytes.count) bytes; at most \(Self.maxBytes) are sent.")
        }
        if let control = bytes.firstIndex(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw InvalidURL("The URL has a control character at byte \(control); percent-encode it or take it out.")
        }
    }

    private func starts(with prefix: StaticString) -> Bool {
        bytes[position...].starts(with: prefix.description.utf8)
    }

    /// The scheme, if there is one: letters up to `://`, before any slash.
    private mutating func readScheme() throws -> Origin.Scheme? {
        guard let colon = bytes.firstIndex(where: { !Self.isSchemeByte($0) }), colon > 0,
            bytes[colon] == UInt8(ascii: ":"), Self.isLetter(bytes[0])
        else { return nil }
        let name = String(decoding: bytes[..<colon], as: UTF8.self)
        let slashes = bytes[(colon + 1)...].starts(with: "//".utf8)
        guard slashes || base == nil else { return nil }
        guard let scheme = Origin.Scheme(rawValue: name.lowercased()) else {
            throw InvalidURL("The scheme \"\(name)\" cannot be fetched: only http and https can.")
        }
        guard slashes else { throw InvalidURL("The URL lacks // after \(name):.") }
        position = colon + 3
        return scheme
    }

    private mutating func readAuthority(_ scheme: Origin.Scheme) throws -> Origin {
        let end = bytes[position...].firstIndex {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
        }
        let authority = bytes[position..<(end ?? bytes.count)]
        position = end ?? bytes.count
        guard !authority.contains(UInt8(ascii: "@")) else { throw Self.hasCredentials }
        var host = authority
        var portDigits: ArraySlice<UInt8> = []
        let searchFrom = authority.firstIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
        if let colon = authority[searchFrom...].firstIndex(of: UInt8(ascii: ":")) {
            host = authority[..<colon]
            portDigits = authority[(colon + 1)...]
        }
        return Origin(
            scheme: scheme, host: try URLHost.normalized(host), port: try port(portDigits) ?? scheme.defaultPort)
    }

    private static let hasCredentials = InvalidURL(
        "The URL has credentials before the host: send them in the Authorization header instead.")

    /// What is no number is not repeated: it may be a password that holds a slash.
    private func port(_ digits: ArraySlice<UInt8>) throws -> Int? {
        guard !digits.isEmpty else { return nil }
        guard digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            throw bytes[position...].contains(UInt8(ascii: "@"))
                ? Self.hasCredentials : InvalidURL("The port is not a number from 1 to 65535.")
        }
        let text = String(decoding: digits, as: UTF8.self)
        guard let port = Int(text), (1...65535).contains(port) else {
            throw InvalidURL("The port \(text) is not a number from 1 to 65535.")
        }
        return port
    }

    // MARK: Writing

    private static func append(_ origin: Origin, to output: inout [UInt8]) {
        let isIPv6 = origin.host.utf8.contains(UInt8(ascii: ":"))
        if isIPv6 { output.append(UInt8(ascii: "[")) }
        output += origin.host.utf8
        if isIPv6 { output.append(UInt8(ascii: "]")) }
        if origin.port != origin.scheme.defaultPort {
            output.append(UInt8(ascii: ":"))
            output += String(origin.port).utf8
        }
    }

    private mutating func appendPath(to output: inout [UInt8]) {
        let start = output.count
        if position == 0, let base { output += base.path.utf8 }
        let end = bytes[position...].firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.count
        let path = bytes[position..<end]
        position = end
        if !path.isEmpty {
            let hasSlash = output.count > start && output.last == UInt8(ascii: "/")
            let wantsSlash = path.first == UInt8(ascii: "/")
            if hasSlash && wantsSlash { output.removeLast() }
            if !hasSlash && !wantsSlash { output.append(UInt8(ascii: "/")) }
            PercentEncoding.append(path, allowed: PercentEncoding.urlByte, to: &output)
        }
        if output.count == start { output.append(UInt8(ascii: "/")) }
        DotSegments.remove(from: &output, pathStart: start)
    }

    private mutating func appendQuery(_ query: HTTPCall.Query, to output: inout [UInt8]) {
        var separator = UInt8(ascii: "?")
        if position < bytes.count, bytes[position] == UInt8(ascii: "?") {
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
            let text = bytes[(position + 1)..<end]
            if !text.isEmpty || query.items.isEmpty {
                output.append(separator)
                PercentEncoding.append(text, allowed: PercentEncoding.urlByte, to: &output)
                separator = UInt8(ascii: "&")
            }
            position = end
        }
        for item in query.items {
            output.append(separator)
            PercentEncoding.append(item.name.utf8, allowed: PercentEncoding.unreservedByte, to: &output)
            if let value = item.value {
                output.append(UInt8(ascii: "="))
                PercentEncoding.append(value.utf8, allowed: PercentEncoding.unreservedByte, to: &output)
            }
            separator = UInt8(ascii: "&")
        }
    }

    private func appendFragment(to output: inout [UInt8]) {
        guard position < bytes.count else { return }
        output.append(UInt8(ascii: "#"))
        PercentEncoding.append(bytes[(position + 1)...], allowed: PercentEncoding.urlByte, to: &output)
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension RequestURL {
    fileprivate var fragmentBytes: Int {
        guard let hash = text.utf8.firstIndex(of: UInt8(ascii: "#")) else { return 0 }
        return text.utf8.distance(from: hash, to: text.utf8.endIndex)
    }
}
