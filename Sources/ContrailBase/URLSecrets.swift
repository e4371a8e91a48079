/// Where the secrets of a URL are: user info, and the values of secret parameters in query and fragment. Pure.
///
/// By bytes: what separates the parts of a URL is ASCII, and every traced request with a query is looked at.
struct URLSecrets {
    private let url: [UInt8]
    private let only: Set<String>?
    /// The bytes of a secret, and what stands for them. What looks like user info may be in a parameter's value.
    private(set) var found: [(bytes: Range<Int>, mark: String)] = []

    /// - Parameter only: names the secret parameters, see ``Redaction/url(_:only:)``.
    init(_ url: [UInt8], only: Set<String>?) {
        self.url = url
        self.only = only
    }

    mutating func find() {
        findUserInfo()
        let fragment = url.firstIndex(of: UInt8(ascii: "#")) ?? url.endIndex
        if let query = url[..<fragment].firstIndex(of: UInt8(ascii: "?")) { findValues(in: (query + 1)..<fragment) }
        if fragment < url.endIndex { findValues(in: (fragment + 1)..<url.endIndex) }
    }

    /// The URL with a mark for every secret.
    var redacted: String {
        var (bytes, end) = ([UInt8](), 0)
        bytes.reserveCapacity(url.count + 32)
        for secret in found.sorted(by: { $0.bytes.lowerBound < $1.bytes.lowerBound }) {
            if secret.bytes.lowerBound >= end {
                bytes += url[end..<secret.bytes.lowerBound]
                bytes += secret.mark.utf8
            }
            end = max(end, secret.bytes.upperBound)
        }
        bytes += url[end...]
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func findUserInfo() {
        guard url.contains(UInt8(ascii: "@")), let start = authorityStart else { return }
        let end = url[start...].firstIndex { "/?#".utf8.contains($0) } ?? url.endIndex
        guard let at = url[start..<end].lastIndex(of: UInt8(ascii: "@")) else { return }
        found.append((start..<at, "\(Redaction.mark):\(Redaction.mark)"))
    }

    /// Behind the first `://`.
    private var authorityStart: Int? {
        url.indices.dropLast(2).first {
            url[$0] == UInt8(ascii: ":") && url[$0 + 1] == UInt8(ascii: "/") && url[$0 + 2] == UInt8(ascii: "/")
        }.map { $0 + 3 }
    }

    private mutating func findValues(in part: Range<Int>) {
        var start = part.lowerBound
        while start < part.upperBound {
            let end = url[start..<part.upperBound].firstIndex(of: UInt8(ascii: "&")) ?? part.upperBound
            if let equals = url[start..<end].firstIndex(of: UInt8(ascii: "=")),
                Redaction.isSecretQueryKey(url[start..<equals], only)
            {
                found.append(((equals + 1)..<end, Redaction.mark))
            }
            start = end + 1
        }
    }
}
