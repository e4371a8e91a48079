/// How a multipart form is written (RFC 7578, RFC 2046 §5.1.1, WHATWG HTML "multipart/form-data encoding algorithm").
enum MultipartEncoding {
    static let lineEnd = Array("\r\n".utf8)

    static func boundary(_ high: UInt64, _ low: UInt64) -> String {
        "contrail-" + hex(high) + hex(low)
    }

    /// bchars, 1 to 70, the last no space.
    static func isBoundary(_ text: String) -> Bool {
        (1...70).contains(text.utf8.count) && text.utf8.last != UInt8(ascii: " ")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "'()+_,-./:=? ".utf8.contains(byte)
                }
            }
    }

    /// The boundary as a parameter of the content type: quoted if it has characters that no token has
    /// (RFC 2046 §5.1.1). None of them is a quote or a backslash.
    static func parameter(_ boundary: String) -> String {
        boundary.utf8.contains { "(),/:=? ".utf8.contains($0) } ? "\"\(boundary)\"" : boundary
    }

    /// The header lines of a part, with the empty line behind them.
    static func partHead(name: String, filename: String?, contentType: String?) -> [UInt8] {
        var head = Array("Content-Disposition: form-data; name=\"".utf8)
        appendEscaped(normalized(name), to: &head)
        if let filename {
            head += Array("\"; filename=\"".utf8)
            appendEscaped(Array(filename.utf8), to: &head)
        }
        head += Array("\"\r\n".utf8)
        if let contentType { head += Array("Content-Type: \(contentType)\r\n".utf8) }
        return head + lineEnd
    }

    /// Every line break as CR LF.
    static func normalized(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        var wasReturn = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n") {
                if !wasReturn { output += lineEnd }
            } else if byte == UInt8(ascii: "\r") {
                output += lineEnd
            } else {
                output.append(byte)
            }
            wasReturn = byte == UInt8(ascii: "\r")
        }
        return output
    }

    /// CR, LF and the quote are percent-encoded, and nothing else.
    private static func appendEscaped(_ text: [UInt8], to output: inout [UInt8]) {
        PercentEncoding.append(text, allowed: { $0 != 0x0A && $0 != 0x0D && $0 != 0x22 }, to: &output)
    }

    static func isHeaderByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F }

    /// `nil` if one part's is not known.
    static func length(_ parts: [HTTPCall.MultipartForm.Part], end: [UInt8]) -> Int64? {
        parts.reduce(Int64(end.count)) { sum, part in
            guard let sum, let body = part.body.length else { return nil }
            let (more, overflow) = sum.addingReportingOverflow(body)
            return overflow ? nil : more + Int64(part.head.count + lineEnd.count)
        }
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
