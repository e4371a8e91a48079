import ContrailCore
import HTTPTypes

/// Which server a request is meant for: that of the Host header if the caller set one, else the URL's (semantic
/// conventions 1.44, `server.address`).
struct ServerAddress: Hashable {
    let host: String
    let port: Int

    private static let hostHeader = HTTPField.Name("host")

    init(_ origin: Origin, _ headers: HTTPFields) {
        let written = Self.hostHeader.flatMap { headers[$0] }.flatMap(Self.read)
        host = written?.host ?? origin.host
        port = written.map { $0.port ?? origin.scheme.defaultPort } ?? origin.port
    }

    /// `host`, `host:port`, `[address]` or `[address]:port`; `nil` if it is none of them.
    static func read(_ header: String) -> (host: String, port: Int?)? {
        let isBracketed = header.hasPrefix("[")
        let host: Substring
        let rest: Substring
        if isBracketed {
            guard let end = header.firstIndex(of: "]") else { return nil }
            host = header[..<end].dropFirst()
            rest = header[end...].dropFirst()
        } else {
            host = header.prefix { $0 != ":" }
            rest = header[host.endIndex...]
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (String(host), Int(port))
    }
}
