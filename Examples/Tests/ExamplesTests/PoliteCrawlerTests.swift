import FakeServices
import Foundation
import Testing

@testable import polite_crawler

@Suite(.timeLimit(.minutes(1))) struct PoliteCrawlerTests {
    @Test func everyPageIsReadOnceAndNoSiteIsAskedTooFast() async throws {
        let sites = try (0..<3).map { _ in try Website() }
        let pages = try await PoliteCrawler.crawl(sites, rate: Website.requestsPerSecond)
        #expect(Set(pages).count == 3 * Website.pages && pages.count == 3 * Website.pages)
        for site in sites {
            #expect(site.quota.refused == 0)
            #expect((0..<Website.pages).allSatisfy { site.count(of: "/\($0)") == 1 })
            #expect(site.count(of: "/private/diary") == 0)
        }
    }

    /// The sites' limit is real.
    @Test func withoutARateTheSiteRefuses() async throws {
        let site = try Website()
        _ = try await PoliteCrawler.crawl([site], rate: nil)
        #expect(site.quota.refused > 0)
    }

    @Test func oneRateHoldsPerHostNotForAll() async throws {
        let start = ContinuousClock.now
        _ = try await PoliteCrawler.crawl([try Website()], rate: Website.requestsPerSecond)
        let one = ContinuousClock.now - start
        _ = try await PoliteCrawler.crawl(
            try (0..<3).map { _ in try Website() }, rate: Website.requestsPerSecond)
        #expect(ContinuousClock.now - start - one < one * 2)
    }

    @Test func noMorePagesThanAskedFor() async throws {
        let site = try Website()
        let seed = try #require(URL(string: site.url))
        #expect(try await Crawler(rate: nil).crawl([seed], maxPages: 2).count == 2)
    }
}
