/// Where a connection goes: scheme, host and port. Connections, permits and budgets are kept per origin (RFC 6454 §4).
public struct Origin: Sendable, Hashable, CustomStringConvertible {
    /// The scheme, lower case.
    public enum Scheme: String, Sendable, Hashable {
        /// Plain text.
        case http
        /// Over TLS.
        case https

        /// The port that a URL without one means: 80 or 443.
        public var defaultPort: Int { self == .http ? 80 : 443 }
    }

    /// `http` or `https`.
    public let scheme: Scheme
    /// The host in lower case; an IPv6 address without brackets.
    public let host: String
    /// The port, 1 to 65535; the scheme's default if the URL had none.
    public let port: Int

    /// Worked out once: a request looks its origin up in half a dozen tables.
    private let hash: Int

    package init(scheme: Scheme, host: String, port: Int) {
        self.scheme = scheme
        self.host = host
        self.port = port
        var hasher = Hasher()
        hasher.combine(host)
        hasher.combine(port)
        hash = hasher.finalize() ^ (scheme == .https ? 1 : 0)
    }

    /// By ``scheme``, ``host`` and ``port``.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// By ``scheme``, ``host`` and ``port``.
    public static func == (a: Self, b: Self) -> Bool {
        a.hash == b.hash && a.port == b.port && a.scheme == b.scheme && a.host == b.host
    }

    /// `scheme://host:port`.
    public var description: String {
        "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

extension Origin {
    /// Origins whose state a policy keeps. A crawler may meet millions; one that is forgotten starts afresh.
    static let maxRemembered = 4096
}
