import Contrail
import ContrailTesting
import Foundation

/// Ten services asked at once, a second for all of it, and a page from whatever came: eight answers, one of them at the
/// second attempt. The trace shows who was waited for.
@main struct FanOut {
    static let deadline = Duration.seconds(1)

    static func main() async throws {
        let shop = try Shop()
        let collector = try await FakeCollector.start()
        let start = ContinuousClock.now
        let page = try await traced(collector) { await productPage(of: shop, client: .shared) }
        let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
        for (service, text) in page.parts.sorted(by: { $0.key < $1.key }) { print("\(service): \(text)") }
        for trace in collector.traces { print("", trace, separator: "\n") }
        print("\n\(page.parts.count) of \(shop.services.count) answers in \(milliseconds) ms, without \(page.missing)")
        exit(page.parts.count == 8 ? 0 : 1)
    }

    static func productPage(of shop: Shop, client: HTTPClient) async -> ProductPage {
        await ProductPage(
            of: shop.services.map { ($0.name, $0.server.url("/\($0.name)/lamp")) }, within: deadline, client: client)
    }

    /// Runs `operation` with its spans sent to `collector`; a service uses `Telemetry.run(service:)` instead, and names its
    /// collector in OTEL_EXPORTER_OTLP_ENDPOINT.
    static func traced<Result: Sendable>(
        _ collector: FakeCollector, _ operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        var telemetry = Telemetry.Configuration(environment: [:])
        telemetry.endpoint = collector.endpoint
        return try await Telemetry.scoped(service: "shop", configuration: telemetry) { _ in try await operation() }
    }
}
