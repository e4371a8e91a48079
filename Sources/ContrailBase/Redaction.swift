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

    /// Whether the values of this parameter are secrets; `only` names those that are, instead of both lists above.
    static func isSecretQueryKey(_ key: ArraySlice<UInt8>, _ only: Set<String>?) -> Bool {
        if let only { return only.contains(String(decoding: key, as: UTF8.self)) }
        guard mayBeSecretQueryKey(key) else { return false }
        let key = String(decoding: key, as: UTF8.self)
        return secretQueryKeys.contains(key) || commonSecretQueryKeys.contains(key.lowercased())
    }

    /// By the last five bits of its first byte, which are the same in both cases: a bit for each length that a secret name has.
    private static let lengthsByInitial: [UInt32] = secretQueryKeys.union(commonSecretQueryKeys)
        .reduce(into: Array(repeating: 0, count: 32)) { lengths, key in
            guard let initial = key.utf8.first else { return }
            lengths[Int(initial & 0x1F)] |= 1 << UInt32(key.utf8.count)
        }

    /// Most names differ from all that are secret in this already. What is not ASCII may become so in lower case.
    private static func mayBeSecretQueryKey(_ key: ArraySlice<UInt8>) -> Bool {
        guard let initial = key.first else { return false }
        if key.count >= 32 || lengthsByInitial[Int(initial & 0x1F)] & 1 << UInt32(key.count) != 0 { return true }
        return key.contains { $0 >= 0x80 }
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
        var secrets = URLSecrets(Array(url.utf8), only: only)
        secrets.find()
        return secrets.found.isEmpty ? url : secrets.redacted
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
}
