import HTTPTypes

/// Whether sending twice is the same as sending once (RFC 9110 §9.2.2; QUERY: RFC 10008).
enum Idempotency {
    /// Of the request as it goes out, after the users' steps have changed it; the caller's word counts most.
    static func of(_ request: WireRequest, asTold: Bool?) -> Bool {
        asTold ?? (isIdempotent(request.method) || IdempotencyKey.field.map(request.headers.contains) ?? false)
    }

    private static func isIdempotent(_ method: HTTPRequest.Method) -> Bool {
        switch method {
        case .get, .head, .put, .delete, .options, .trace: true
        default: method.rawValue == "QUERY"
        }
    }
}
