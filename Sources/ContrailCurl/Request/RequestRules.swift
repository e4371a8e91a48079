import ContrailCore
import HTTPTypes

/// What may go on the wire (RFC 9110 §5.1, §5.5, §9.1), as decisions without side effects.
///
/// libcurl sends header strings as they are: a line break in a value would be a second header or a second request.
enum RequestRules {
    /// RFC 9110 §5.6.2.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isTokenByte)
    }

    /// No control character but HT; so no CR, LF or NUL. Bytes above 127 are opaque data.
    static func isFieldValueByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : byte == 0x09
    }

    /// Visible ASCII only: everything else must have been percent-encoded.
    static func isURLByte(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

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

    /// How the body of the response is decoded; `nil`: not at all. What the caller asked for by a field of its own is
    /// what it gets, and the middle of an encoded body cannot be decoded.
    static func decoding(of request: WireRequest) -> ContentDecoding? {
        guard request.decoding.isEnabled, !request.headers.contains(.acceptEncoding), !request.headers.contains(.range)
        else { return nil }
        return request.decoding
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

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
