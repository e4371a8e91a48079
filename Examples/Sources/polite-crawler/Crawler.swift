import Contrail
import Foundation

/// Reads whole websites without being a burden to any of them.
struct Crawler: Sendable {
    private let client: HTTPClient

    /// - Parameter rate: how many requests per second to one host; `nil`: as fast as they come.
    init(rate: Int?) throws {
        var configuration = HTTPClient.Configuration()
        configuration.defaultHeaders[.userAgent] = "polite-crawler/1.0 (+https://crawler.example)"
        if let rate {
            // Each host has a rate and connections of its own: a hundred hosts take no longer than one.
            configuration.rateLimits = RateLimits(RateLimit(rate, per: .seconds(1), burst: 1))
            configuration.limits.maxPerOrigin = 2
        }
        client = try HTTPClient(configuration: configuration)
    }

    /// The pages that can be reached from `seeds` on the same hosts and that robots may read; at most so many.
    func crawl(_ seeds: [URL], maxPages: Int = 1000) async -> [URL] {
        let robots = await robots(at: Set(seeds.map(\.origin)))
        var pages: [URL] = []
        var seen: Set<URL> = []
        var wave = seeds
        while !wave.isEmpty {
            seen.formUnion(wave)
            var links: Set<URL> = []
            for (url, result) in zip(wave, await client.fetchAll(wave.map { .get($0.absoluteString) })) {
                guard case .success(let response) = result, response.status.code == 200 else { continue }
                pages.append(url)
                links.formUnion(Self.links(in: response.text, of: url))
            }
            let next = links.subtracting(seen).filter { robots[$0.origin]?.allows($0) == true }
            wave = Array(next.prefix(max(0, maxPages - pages.count)))
        }
        return pages
    }

    /// What each host asks of robots. A host that does not answer is left alone.
    private func robots(at origins: Set<String>) async -> [String: Robots] {
        let origins = Array(origins)
        var robots: [String: Robots] = [:]
        for (origin, result) in zip(origins, await client.fetchAll(origins.map { .get("\($0)/robots.txt") })) {
            if case .success(let response) = result { robots[origin] = Robots(response) }
        }
        return robots
    }

    private static func links(in html: String, of page: URL) -> [URL] {
        html.matches(of: /href="([^"]+)"/).compactMap { URL(string: String($0.1), relativeTo: page)?.absoluteURL }
    }
}

extension URL {
    /// `https://host:port`
    var origin: String { "\(scheme ?? "")://\(host() ?? "")\(port.map { ":\($0)" } ?? "")" }
}
