import ContrailBase

/// An absolute http or https URL, checked once: what policies key on, what spans show and what goes on the wire agree.
///
/// Stricter than most parsers on purpose: where two parsers could read a text differently (user info, back-slashes,
/// odd IPv4 spellings), it is refused instead of guessed (RFC 3986 §7.4 and §7.6).
public struct RequestURL: Sendable, Hashable, CustomStringConvertible {
    /// The URL as it goes on the wire: percent-encoded where needed, dot segments removed, with the fragment if given.
    public let text: String
    /// Scheme, host and port.
    public let origin: Origin
    /// Where path and query begin in ``text``, as a UTF-8 offset.
    private let pathOffset: Int

    /// Reads an absolute URL. O(n). Throws ``InvalidURL`` with the reason.
    public init(_ text: String) throws {
        try self.init(text, base: nil)
    }

    /// Reads `text`; without a scheme it is appended to `base`'s path. `query` is appended, encoded.
    package init(_ text: String, base: RequestURL?, query: HTTPCall.Query = [:]) throws {
        if query.items.isEmpty, let url = Self(normal: text) {
            self = url
            return
        }
        var parser = URLParser(text, base: base)
        let parsed = try parser.parse(query: query)
        self.text = parsed.text
        origin = parsed.origin
        pathOffset = parsed.pathOffset
    }

    private init?(normal text: String) {
        // SAFETY: the bytes are looked at inside the closure only.
        let read: (Origin, Int)?? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            guard let url = unsafe NormalURL(bytes) else { return nil }
            let host = unsafe String(decoding: UnsafeBufferPointer(rebasing: bytes[url.host]), as: UTF8.self)
            return (Origin(scheme: url.scheme, host: host, port: url.port), url.pathOffset)
        }
        guard let (origin, pathOffset) = read ?? nil else { return nil }
        self.text = text
        self.origin = origin
        self.pathOffset = pathOffset
    }

    /// Path and query, as they go on the request line; without the fragment.
    public var target: Substring {
        let start = text.utf8.index(text.utf8.startIndex, offsetBy: pathOffset)
        return text[start...].prefix { $0 != "#" }
    }

    /// What stands before the path: scheme, host, and the port if it is not the scheme's own.
    var originText: Substring {
        text[..<text.utf8.index(text.utf8.startIndex, offsetBy: pathOffset)]
    }

    /// As ``Origin/description`` of ``origin``, which stands in the text already.
    package var originDescription: String {
        let text = String(originText)
        return origin.port == origin.scheme.defaultPort ? text + ":" + String(origin.port) : text
    }

    /// The path alone.
    public var path: Substring { target.prefix { $0 != "?" } }

    /// The text before the fragment and the query.
    var withoutQuery: Substring { text.prefix { $0 != "?" && $0 != "#" } }

    /// The URL with the values of secret query parameters replaced; fit for errors, logs and spans.
    public var description: String { Redaction.url(text) }
}
