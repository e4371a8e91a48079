import Contrail
import Foundation

/// What a site asks of robots: the paths that all of them are to leave alone (RFC 9309 §2.2; groups for robots of other
/// names, `Allow` and wildcards are left out here).
struct Robots: Sendable {
    private var disallowed: [String] = []

    /// Without a robots.txt everything is allowed; if the server fails, nothing (RFC 9309 §2.3.1).
    init?(_ response: HTTPClient.Response) {
        if (400..<500).contains(response.status.code) { return }
        guard response.status.code == 200 else { return nil }
        var concernsUs = false
        for line in response.text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            switch (parts.first?.lowercased(), parts.last) {
            case ("user-agent", let name): concernsUs = name == "*"
            case ("disallow", let path?) where concernsUs && path.hasPrefix("/"): disallowed.append(path)
            default: break
            }
        }
    }

    func allows(_ url: URL) -> Bool { !disallowed.contains { url.path().hasPrefix($0) } }
}
