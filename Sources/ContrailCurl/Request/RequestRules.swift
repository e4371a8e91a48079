import CContrailCurlShim

/// What may go on the wire (RFC 9110 §5.1, §5.5, §9.1), as decisions without side effects.
///
/// libcurl sends header strings as they are: a line break in a value would be a second header or a second request.
enum RequestRules {
    /// RFC 9110 §5.6.2.
    static func isToken(_ text: String) -> Bool {
        var text = text
        // SAFETY: the bytes are looked at inside the call only.
        return text.withUTF8 { unsafe contrail_is_token($0.baseAddress, $0.count) }
    }

    /// The last line of defence: a `RequestURL` is never refused.
    static func isURL(_ text: String) -> Bool {
        var text = text
        // SAFETY: as for isToken.
        return text.withUTF8 { unsafe contrail_is_url($0.baseAddress, $0.count) }
    }

    /// What happens to a field that the caller set.
    enum Treatment { case send, drop }

    /// Framing and connection handling are the transport's; 100-continue is not spoken. `canonicalName` is lower case.
    static func treatment(of canonicalName: String) -> Treatment {
        switch canonicalName.utf8.count {
        case 6: canonicalName == "expect" ? .drop : .send
        case 10: canonicalName == "connection" ? .drop : .send
        case 14: canonicalName == "content-length" ? .drop : .send
        case 17: canonicalName == "transfer-encoding" ? .drop : .send
        default: .send
        }
    }

    /// How the body goes out.
    enum Shape: Hashable {
        /// No body and no Content-Length.
        case bare
        /// HEAD: no body comes back.
        case head
        /// A body with its length; possibly 0 bytes.
        case body
    }

    /// The shape, or what is wrong. A method that means to carry content says "0 bytes" if there are none
    /// (RFC 9110 §8.6).
    static func shape(method: String, hasBody: Bool) throws(Objection) -> Shape {
        switch method {
        case "HEAD" where hasBody: throw Objection(text: "a HEAD request cannot carry a body")
        case "HEAD": return .head
        case "CONNECT": throw Objection(text: "CONNECT is not a request to an origin")
        case "POST", "PUT", "PATCH": return .body
        default: return hasBody ? .body : .bare
        }
    }

    /// libcurl sends GET, HEAD and POST by itself.
    static func mustNameMethod(_ method: String, _ shape: Shape) -> Bool {
        switch shape {
        case .bare: method != "GET"
        case .head: false
        case .body: method != "POST"
        }
    }

    /// Why a request cannot be sent; names no value, since values may be secret.
    struct Objection: Error, Equatable { let text: String }
}
