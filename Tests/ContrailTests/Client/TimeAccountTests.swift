import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing

/// Rule 5 of the design, against real sockets: |whole call − Σ(waits + phases)| ≤ 1 ms.
///
/// Spans are compared with spans, so a busy machine that delays the test's own task does not count; what it does between
/// our own steps can, so the best of several calls is what is held to the limit.
@Suite(.timeLimit(.minutes(1))) struct TimeAccountTests {
    /// Under a sanitizer our own steps take several times as long; what would be missing is still found.
    private static let limit = ProcessCount.isThreadSanitized || ProcessCount.isAddressSanitized ? 0.01 : 0.001

    /// The part of each call that no wait and no phase explains, in seconds.
    private func unexplained(_ spans: [FakeCollector.ReceivedSpan]) throws -> [Double] {
        try spans.filter { $0.span.kind == .internal }.map { call in
            let sends = spans.filter { $0.span.parentSpanID == call.span.context.spanID }
            let permit = try #require(call.double("contrail.wait.permit"))
            let backOff = try #require(call.double("contrail.wait.backoff"))
            let resume = try #require(call.double("contrail.wait.resume"))
            return abs(call.duration - permit - backOff - resume - sends.reduce(0) { $0 + $1.phaseSum })
        }
    }

    private func expectExplained(_ spans: [FakeCollector.ReceivedSpan]) throws {
        let rest = try unexplained(spans).sorted()
        #expect(rest.count >= 5)
        print(
            "unexplained per call, best/median/worst in µs:",
            [rest.first, rest[rest.count / 2], rest.last].map { Int(($0 ?? 0) * 1e6) })
        #expect(try #require(rest.first) <= Self.limit)
    }

    private func expectPhasesAreTheSpan(_ spans: [FakeCollector.ReceivedSpan]) {
        for send in spans where send.isClient { #expect(abs(send.duration - send.phaseSum) < 0.000_5) }
    }

    @Test func successAndReuse() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            try await HTTPClient.withClient { client in
                for _ in 0..<10 { _ = try await client.get(base) }
            }
        } check: { _, spans, _ in
            try expectExplained(spans)
            #expect(spans.filter { $0["contrail.connection.reused"] == .bool(true) }.count == 9)
        }
    }

    @Test func retry() async throws {
        try await withTracedServer({ exchange in
            exchange.number.isMultiple(of: 2)
                ? exchange.respond() : exchange.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").ignoreResult()
        }) { _, base in
            var configuration = HTTPClient.Configuration()
            configuration.retry.backOff.transientBase = .milliseconds(10)
            try await HTTPClient.withClient(configuration: configuration) { client in
                for _ in 0..<10 { _ = try await client.get(base) }
            }
        } check: { _, spans, _ in
            try expectExplained(spans)
            #expect(spans.filter(\.isClient).count == 20)
        }
    }

    @Test func redirect() async throws {
        try await withTracedServer({ exchange in
            guard exchange.path == "/" else { return exchange.respond() }
            exchange.send("HTTP/1.1 302 Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
        }) { _, base in
            try await HTTPClient.withClient { client in
                for _ in 0..<10 { _ = try await client.get(base) }
            }
        } check: { _, spans, _ in
            try expectExplained(spans)
            #expect(spans.filter(\.isClient).count == 20)
        }
    }

    @Test func cancellation() async throws {
        try await withTracedServer({ $0.hang() }) { server, base in
            try await HTTPClient.withClient { client in
                for number in 1...10 {
                    let call = Task { try await client.get(base) }
                    while server.requestCount < number { await Task.yield() }
                    call.cancel()
                    _ = await call.result
                }
            }
        } check: { _, spans, _ in
            try expectExplained(spans)
            #expect(spans.filter(\.isClient).count == 10)
        }
    }

    @Test func uploads() async throws {
        let block = ByteChunk([UInt8](repeating: 1, count: 1 << 18))
        try await withTracedServer({ $0.respond() }) { _, base in
            try await HTTPClient.withClient { client in
                for _ in 0..<10 {
                    _ = try await client.put(base, body: .factory(length: 1 << 20) { Blocks(count: 4, block: block) })
                }
            }
        } check: { _, spans, _ in
            try expectExplained(spans)
            let answered = spans.filter { $0.isClient && $0.int("http.response.status_code") == 200 }
            #expect(answered.count == 10)
            for send in answered {
                #expect(
                    send.double("contrail.phase.send") != nil && send.double("contrail.phase.wait") != nil,
                    "\(send.span.attributes)")
            }
        }
    }

    @Test func waitingForAPermit() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            var configuration = HTTPClient.Configuration()
            configuration.limits.maxPerOrigin = 1
            try await HTTPClient.withClient(configuration: configuration) { client in
                _ = await client.fetchAll(Array(repeating: .get(base), count: 20))
            }
        } check: { _, spans, _ in
            try expectExplained(spans)
            let waited = spans.filter { ($0.double("contrail.wait.permit") ?? 0) > 0 }
            #expect(!waited.isEmpty)
            #expect(waited.allSatisfy { $0.span.events.map(\.name).contains("contrail.permit.granted") })
        }
    }
}

/// The same bytes over and over.
private struct Blocks: AsyncSequence, Sendable {
    let count: Int
    let block: ByteChunk

    struct AsyncIterator: AsyncIteratorProtocol {
        var left: Int
        let block: ByteChunk
        mutating func next() async -> ByteChunk? {
            left -= 1
            return left >= 0 ? block : nil
        }
    }
    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(left: count, block: block) }
}
