/// The endpoint rules of the OTLP exporter ("Endpoint URLs for OTLP/HTTP").
enum EndpointText {
    /// What every signal posts to if nothing is set.
    static let defaultBase = "http://localhost:4318"

    /// A base URL with the signal's path appended, without a second slash. Query and fragment of a base have no meaning
    /// and are left out.
    static func appending(_ path: String, to base: String) -> String {
        var base = base.prefix { $0 != "?" && $0 != "#" }
        while base.last == "/" { base = base.dropLast() }
        return "\(base)/\(path)"
    }

    /// A signal's own URL: as it is, except that an empty path is `/`.
    static func asIs(_ url: String) -> String {
        guard let authority = authority(of: url), authority.endIndex == url.endIndex || url[authority.endIndex] != "/"
        else {
            return url
        }
        return url[..<authority.endIndex] + "/" + url[authority.endIndex...]
    }

    /// What is wrong with it, or `nil`. The URL parser proper has the last word; this is for a warning that names the
    /// variable.
    static func problem(_ url: String) -> String? {
        guard let authority = authority(of: url) else { return "must begin with http:// or https://" }
        // What stands before an @ is no host.
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        guard !host.isEmpty, !host.hasPrefix(":") else { return "has no host" }
        guard url.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else { return "contains a blank" }
        return nil
    }

    /// The part between `//` and the next `/`, `?` or `#`; `nil` if the scheme is neither http nor https.
    private static func authority(of url: String) -> Substring? {
        for scheme in ["http://", "https://"] where url.prefix(scheme.count).lowercased() == scheme {
            return url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        }
        return nil
    }
}
