/// Responses as they go over the wire.
enum ResponseText {
    static func whole(_ status: Int, headers: String, body: String) -> String {
        head(status, headers: "\(headers)Content-Length: \(body.utf8.count)\r\n") + body
    }

    /// The head with its empty line. The lines in `headers` end with `\r\n`.
    static func head(_ status: Int, headers: String) -> String {
        "HTTP/1.1 \(status) \(reason(status))\r\n\(headers)\r\n"
    }

    /// One chunk with its framing (RFC 9112 §7.1); of no bytes, the last.
    static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 302: "Found"
        case 404: "Not Found"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}
