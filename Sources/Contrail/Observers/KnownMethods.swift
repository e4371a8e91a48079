/// The methods that spans name (semantic conventions 1.44, `http.request.method`).
enum KnownMethods {
    static let variable = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"

    /// RFC 9110, PATCH (RFC 5789) and QUERY. Compared as they are: methods are case-sensitive (RFC 9110 §9.1).
    static let standard: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
    ]

    /// The list of the environment, which replaces the standard one as a whole; the standard one if there is none.
    static func of(_ environment: [String: String]) -> Set<String> {
        guard let list = environment[variable] else { return standard }
        let methods = list.split(separator: ",").map { name in
            String(name.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
        }
        let known = Set(methods.filter { !$0.isEmpty })
        return known.isEmpty ? standard : known
    }
}
