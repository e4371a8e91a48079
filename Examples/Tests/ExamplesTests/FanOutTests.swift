import Contrail
import ContrailTesting
import Testing

@testable import fan_out

@Suite(.timeLimit(.minutes(1))) struct FanOutTests {
    @Test func whoeverIsLateIsMissingAndCutOff() async throws {
        let shop = try Shop()
        try await HTTPClient.withClient { client in
            let start = ContinuousClock.now
            let page = await FanOut.productPage(of: shop, client: client)
            #expect(ContinuousClock.now - start >= FanOut.deadline)
            #expect(page.missing == ["reviews": "deadline_exceeded", "recommendations": "deadline_exceeded"])
            #expect(page.parts.count == 8)
            #expect(page.parts["inventory"] == "12 left")
            for service in shop.services where page.missing[service.name] != nil {
                try await service.server.wait { $0.requestCount == 1 && $0.openConnectionCount == 0 }
            }
        }
    }

    @Test func theTraceHasEverySendAndNothingIsLost() async throws {
        let shop = try Shop()
        try await withFakeCollector { collector in
            _ = try await FanOut.traced(collector) {
                try await HTTPClient.withClient { await FanOut.productPage(of: shop, client: $0) }
            }
            let clients = collector.spans.filter { $0.span.kind == .client }.map { "\($0.span.context.spanID)" }
            let received = shop.services.flatMap { $0.server.requests.compactMap(\.parentSpanID) }
            #expect(clients.count == 11)
            #expect(clients.sorted() == received.sorted())
        }
    }
}
