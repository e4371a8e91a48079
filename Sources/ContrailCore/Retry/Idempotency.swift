import HTTPTypes

/// Whether sending twice is the same as sending once (RFC 9110 §9.2.2; QUERY: RFC 10008).
enum Idempotency {
    static func of(_ request: HTTPCall.Request) -> Bool {
        request.isIdempotent ?? (isIdempotent(request.method) || key.map(request.headers.contains) ?? false)
    }

    private static func isIdempotent(_ method: HTTPRequest.Method) -> Bool {
        switch method {
        case .get, .head, .put, .delete, .options, .trace: true
        default: method.rawValue == "QUERY"
        }
    }

    /// draft-ietf-httpapi-idempotency-key-header §2.1
    private static let key = HTTPField.Name("Idempotency-Key")
}
