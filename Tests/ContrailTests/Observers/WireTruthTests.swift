import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing

/// Rule 1 of the design: what servers received and what spans say is the same.
@Suite(.timeLimit(.minutes(1))) struct WireTruthTests {
    private func clientSpans(_ spans: [FakeCollector.ReceivedSpan]) -> [FakeCollector.ReceivedSpan] {
        spans.filter(\.isClient).sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
    }

    @Test func everyRequestAServerSawIsExactlyOneClientSpan() async throws {
        try await withTracedServer({ exchange in
            exchange.number % 3 == 0
                ? exchange.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").ignoreResult() : exchange.respond()
        }) { _, base in
            try await HTTPClient.withClient(configuration: .quick) { client in
                _ = await client.fetchAll(Array(repeating: .get(base), count: 50))
            }
        } check: { _, spans, server in
            let sent = clientSpans(spans).map(\.id)
            #expect(Set(sent).count == sent.count)
            #expect(server.receivedSpanIDs.sorted() == sent.sorted())
            #expect(server.requestCount == sent.count)
        }
    }

    /// libcurl would send it a second time by itself.
    @Test func postOnADyingConnectionReachesTheServerOnce() async throws {
        try await withTracedServer({ exchange in
            exchange.numberOnConnection == 1 ? exchange.respond() : exchange.finish()
        }) { _, base in
            try await HTTPClient.withClient { client in
                _ = try await client.get(base)
                do {
                    _ = try await client.post(base, body: .text("pay"))
                    return ClientError.Code?.none
                } catch {
                    return (error as? ClientError)?.code
                }
            }
        } check: { code, spans, server in
            #expect(code == .transport(.staleConnection))
            #expect(server.heads.count { $0.hasPrefix("POST") } == 1)
            let post = try #require(clientSpans(spans).last)
            #expect(post.string("error.type") == "stale_connection")
            #expect(post.span.status == .error("") || "\(post.span.status)".contains("error"))
        }
    }

    @Test func getOnADyingConnectionIsTwoSpans() async throws {
        try await withTracedServer({ exchange in
            exchange.number == 2 ? exchange.finish() : exchange.respond()
        }) { _, base in
            try await HTTPClient.withClient { client in
                _ = try await client.get(base)
                return try await client.get(base).status.code
            }
        } check: { status, spans, server in
            #expect(status == 200)
            let sends = clientSpans(spans)
            #expect(sends.count == 3)
            #expect(sends.map { $0.int("http.request.resend_count") } == [nil, nil, 1])
            #expect(sends[1].string("error.type") == "stale_connection")
            #expect(server.receivedSpanIDs == sends.map(\.id))
            #expect(Set(sends.map(\.id)).count == 3)
        }
    }

    @Test func aSpanThatNoServerSawSaysWhy() async throws {
        try await withTracedServer({ $0.respond() }) { server, base in
            server.stop()
            try await HTTPClient.withClient(configuration: .quick) { client in _ = try? await client.get(base) }
        } check: { _, spans, _ in
            let sends = clientSpans(spans)
            #expect(sends.count == 3)
            #expect(sends.allSatisfy { $0.string("error.type") == "connect" })
            #expect(sends.allSatisfy { $0.string("network.protocol.version") == nil })
        }
    }

    @Test func theCallersTraceparentIsReplacedNotDoubled() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            try await HTTPClient.withClient { client in
                let name = HTTPField.Name("traceparent") ?? .via
                _ = try await client.get(
                    base, headers: [name: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
            }
        } check: { _, spans, server in
            let lines = server.heads[0].split(whereSeparator: \.isNewline).filter {
                $0.lowercased().hasPrefix("traceparent")
            }
            #expect(lines.count == 1)
            #expect(server.receivedSpanIDs == clientSpans(spans).map(\.id))
        }
    }
}

extension HTTPClient.Configuration {
    /// Back-off that a test can wait for.
    static var quick: Self {
        var configuration = Self()
        configuration.retry.backOff.transientBase = .milliseconds(1)
        configuration.retry.backOff.throttledBase = .milliseconds(1)
        return configuration
    }
}
