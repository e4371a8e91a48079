import HTTPTypes

/// The target that a 3xx names. Its bytes are a stranger's.
enum RedirectLocation {
    case absent
    case url(RequestURL)
    case invalid(RedirectRefusal, detail: String)

    /// Longer ones are refused. Twice what RFC 9110 §4.1 asks everybody to be able to read.
    static let maxBytes = 16 * 1024

    static func read(_ headers: HTTPFields, base: RequestURL) -> RedirectLocation {
        let fields = headers[fields: .location].map(bytes)
        guard let first = fields.first else { return .absent }
        // Whoever stands between could read the other one.
        guard fields.allSatisfy({ $0 == first }) else {
            return .invalid(.invalidLocation, detail: "It has several Location fields that differ.")
        }
        guard first.count <= maxBytes else {
            return .invalid(.invalidLocation, detail: "Its Location has \(first.count) bytes; at most \(maxBytes).")
        }
        return resolve(first, base)
    }

    private static func resolve(_ bytes: [UInt8], _ base: RequestURL) -> RedirectLocation {
        let reference = URLReference(bytes[...])
        if let scheme = reference.scheme {
            let name = String(decoding: scheme, as: UTF8.self).lowercased()
            guard Origin.Scheme(rawValue: name) != nil else {
                return .invalid(.scheme, detail: "It leads to the scheme \"\(name.prefix(32))\"; only http and https.")
            }
        }
        do {
            // User info in a URL from elsewhere is an error: it is there to deceive (RFC 9110 §4.2.4).
            return .url(try RequestURL(reference: reference, base: base))
        } catch {
            return .invalid(.invalidLocation, detail: "Its Location cannot be read: \(error)")
        }
    }

    private static func bytes(_ field: HTTPField) -> [UInt8] {
        // SAFETY: the bytes are copied out while the pointer is valid.
        unsafe field.withUnsafeBytesOfValue { unsafe Array($0) }
    }
}
