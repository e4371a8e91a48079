import ContrailBase

extension HTTPCall.Body {
    /// Names and values as an HTML form sends them, `application/x-www-form-urlencoded` (WHATWG URL §5.2). A value of
    /// `nil` is sent as an empty one.
    public static func form(_ items: HTTPCall.Query) -> HTTPCall.Body {
        chunk(ByteChunk(FormEncoding.encode(items)), contentType: "application/x-www-form-urlencoded")
    }
}

/// The application/x-www-form-urlencoded serializer (WHATWG URL §5.2).
enum FormEncoding {
    static func encode(_ items: HTTPCall.Query) -> [UInt8] {
        var output: [UInt8] = []
        for item in items.items {
            if !output.isEmpty { output.append(UInt8(ascii: "&")) }
            append(item.name, to: &output)
            output.append(UInt8(ascii: "="))
            append(item.value ?? "", to: &output)
        }
        return output
    }

    private static func append(_ text: String, to output: inout [UInt8]) {
        for (index, word) in text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .enumerated()
        {
            if index > 0 { output.append(UInt8(ascii: "+")) }
            PercentEncoding.append(word, allowed: isKept, to: &output)
        }
    }

    /// What is not in the application/x-www-form-urlencoded percent-encode set; the space is seen to above.
    private static func isKept(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
