import FakeServices
import Foundation

/// Reads three websites that bear ten requests per second each, all at once and none faster than that.
@main struct PoliteCrawler {
    static func main() async throws {
        let sites = try (0..<3).map { _ in try Website() }
        let start = ContinuousClock.now
        let pages = try await crawl(sites, rate: Website.requestsPerSecond)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let refused = sites.reduce(0) { $0 + $1.quota.refused }
        print(String(format: "%d pages of %d sites in %.1f s", pages.count, sites.count, seconds))
        print("the sites refused \(refused) requests as too fast")
        exit(pages.count == sites.count * Website.pages && refused == 0 ? 0 : 1)
    }

    static func crawl(_ sites: [Website], rate: Int?) async throws -> [URL] {
        try await Crawler(rate: rate).crawl(sites.compactMap { URL(string: $0.url) })
    }
}
