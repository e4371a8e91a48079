import ContrailTesting
import FakeServices

/// A stand-in for a website: thirteen pages that link each other and one that robots are asked to leave alone. It bears
/// ten requests per second; whoever asks for more is refused.
final class Website: Sendable {
    static let requestsPerSecond = 10
    static let pages = 13

    let quota = Quota(perSecond: requestsPerSecond, burst: 6)
    private let server: FaultServer

    init() throws {
        server = try FaultServer.start(.status(404))
        for page in 0..<Self.pages { server.on("/\(page)", plan(Self.html(page))) }
        server.on("/private/diary", plan("nobody should read this"))
        server.on("/robots.txt", plan("User-agent: *\nDisallow: /private\n"))
    }

    var url: String { server.url("/0") }
    func count(of path: String) -> Int { server.count(of: path) }

    private func plan(_ text: String) -> FaultServer.Plan {
        .custom { [quota] exchange in
            if let wait = quota.take(1) { return exchange.refuse(for: wait) }
            exchange.respond(headers: "Content-Type: text/html\r\n", body: text)
        }
    }

    /// Each page links three further ones, the first one, and the diary.
    private static func html(_ page: Int) -> String {
        let links = (1...3).map { page * 3 + $0 }.filter { $0 < pages }.map { "/\($0)" } + ["/0", "/private/diary"]
        return "<h1>Page \(page)</h1>" + links.map { "<a href=\"\($0)\">on</a>" }.joined()
    }
}
