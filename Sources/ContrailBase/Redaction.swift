/// The one place that takes secrets out of what people and backends get to see.
package enum Redaction {
    /// What stands in place of a secret.
    package static let mark = "REDACTED"

    /// Query parameters whose values are secrets (semantic conventions 1.44, `url.full`, and the two that follow it
    /// on their main branch), compared case-sensitively as they demand.
    package static let secretQueryKeys: Set<String> = [
        "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "AWSAccessKeyId", "Signature", "sig",
        "X-Goog-Signature",
    ]

    /// Further names under which secrets travel, in lower case, compared without case: a span is no place for any of them.
    private static let commonSecretQueryKeys: Set<String> = [
        "access_token", "api_key", "apikey", "api-key", "auth", "client_secret", "code", "id_token", "key", "password",
        "refresh_token", "secret", "signature", "token",
    ]

    private static func isSecretQueryKey(_ key: Substring) -> Bool {
        let key = String(key)
        return secretQueryKeys.contains(key) || commonSecretQueryKeys.contains(key.lowercased())
    }

    /// Header fields whose values are secrets, in lower case.
    package static let secretHeaders: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie", "www-authenticate",
        "proxy-authenticate", "x-api-key", "api-key", "x-amz-security-token", "x-goog-api-key",
    ]

    /// `url` with user info and the values of secret query parameters replaced. Copies only if there is something.
    package static func url(_ url: String) -> String {
        let withoutUserInfo = redactingUserInfo(url)
        guard let mark = withoutUserInfo.utf8.firstIndex(of: UInt8(ascii: "?")) else { return withoutUserInfo }
        return redactingQuery(withoutUserInfo, after: mark)
    }

    private static func redactingUserInfo(_ url: String) -> String {
        guard url.utf8.contains(UInt8(ascii: "@")), let slashes = url.firstRange(of: "://") else { return url }
        let authority = url[slashes.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else { return url }
        return url[..<slashes.upperBound] + "\(mark):\(mark)" + url[at...]
    }

    private static func redactingQuery(_ url: String, after question: String.Index) -> String {
        let start = url.index(after: question)
        let end = url[start...].firstIndex(of: "#") ?? url.endIndex
        var found = false
        let pairs = url[start..<end].split(separator: "&", omittingEmptySubsequences: false).map { pair -> Substring in
            guard let equals = pair.firstIndex(of: "="), isSecretQueryKey(pair[..<equals]) else {
                return pair
            }
            found = true
            return pair[...equals] + mark
        }
        return found ? url[..<start] + pairs.joined(separator: "&") + url[end...] : url
    }
}
