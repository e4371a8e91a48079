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

    private static func isSecretQueryKey(_ key: Substring, _ only: Set<String>?) -> Bool {
        let key = String(key)
        if let only { return only.contains(key) }
        return secretQueryKeys.contains(key) || commonSecretQueryKeys.contains(key.lowercased())
    }

    /// Header fields whose values are secrets, in lower case.
    package static let secretHeaders: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie", "www-authenticate",
        "proxy-authenticate", "x-api-key", "api-key", "x-amz-security-token", "x-goog-api-key",
    ]

    /// `url` with user info and the values of secret parameters replaced, in the query and in the fragment (where OAuth
    /// answers carry tokens). Copies only if there is something.
    ///
    /// `only` names the secret parameters instead of both lists above, compared with case.
    package static func url(_ url: String, only: Set<String>? = nil) -> String {
        guard mayHoldSecrets(url) else { return url }
        let withoutUserInfo = redactingUserInfo(url)
        guard withoutUserInfo.utf8.contains(UInt8(ascii: "=")) else { return withoutUserInfo }
        let end = withoutUserInfo.firstIndex(of: "#") ?? withoutUserInfo.endIndex
        let start = withoutUserInfo[..<end].firstIndex(of: "?") ?? end
        let query = redactingPairs(withoutUserInfo[start..<end], only)
        let fragment = redactingPairs(withoutUserInfo[end...], only)
        guard query != nil || fragment != nil else { return withoutUserInfo }
        return withoutUserInfo[..<start] + (query ?? String(withoutUserInfo[start..<end]))
            + (fragment ?? String(withoutUserInfo[end...]))
    }

    /// One look at every byte, which is all that most URLs need.
    private static func mayHoldSecrets(_ url: String) -> Bool {
        // SAFETY: the bytes are looked at inside the closure only.
        unsafe url.utf8.withContiguousStorageIfAvailable {
            unsafe $0.contains { byte in byte == UInt8(ascii: "=") || byte == UInt8(ascii: "@") }
        } ?? true
    }

    /// A text that was meant to be a URL and is none: enough of it to be recognised. Nothing is known of its parts, so all
    /// that could be user info, query or fragment is left out; at most 120 characters, no control characters.
    package static func unreadableURL(_ text: String) -> String {
        let text = text.prefix(1000)
        let address = text.prefix { $0 != "?" && $0 != "#" }
        // Behind the mark that seems to begin a query there may still be the end of a password.
        guard !text[address.endIndex...].contains("@") else { return mark }
        let shown = address.lastIndex(of: "@").map { mark + address[$0...] } ?? String(address)
        let printable = shown.prefix(120).map { character in
            character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? "\u{FFFD}" : character
        }
        return String(printable) + (shown.count > 120 || address.count < text.count ? "…" : "")
    }

    private static func redactingUserInfo(_ url: String) -> String {
        guard url.utf8.contains(UInt8(ascii: "@")), let slashes = url.firstRange(of: "://") else { return url }
        let authority = url[slashes.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else { return url }
        return url[..<slashes.upperBound] + "\(mark):\(mark)" + url[at...]
    }

    /// A part of a URL, its `?` or `#` included; `nil` if nothing in it is secret.
    private static func redactingPairs(_ part: Substring, _ only: Set<String>?) -> String? {
        guard let mark = part.first else { return nil }
        var found = false
        let pairs = part.dropFirst().split(separator: "&", omittingEmptySubsequences: false).map { pair -> Substring in
            guard let equals = pair.firstIndex(of: "="), isSecretQueryKey(pair[..<equals], only) else { return pair }
            found = true
            return pair[...equals] + Self.mark
        }
        return found ? String(mark) + pairs.joined(separator: "&") : nil
    }
}
