import Contrail
import ContrailTestSupport
import ContrailTesting
import HTTPTypes
import Testing
import Tracing

/// What travels beside the span.
@Suite(.timeLimit(.minutes(1))) struct BaggageOnTheWireTests {
    private func withBaggage<Result>(_ operation: () async throws -> Result) async throws -> Result {
        var context = ServiceContext.current ?? .topLevel
        context.baggage = Telemetry.Baggage()
        context.baggage?["user"] = "a b"
        return try await ServiceContext.$current.withValue(context, operation: operation)
    }

    @Test func theContextsBaggageIsSentAndReplaces() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            try await HTTPClient.withClient { client in
                var request = HTTPClient.Request.get(base)
                request.headers[try #require(HTTPField.Name("baggage"))] = "by=hand"
                let sent = request
                _ = try await client.execute(sent)
                try await withBaggage { _ = try await client.execute(sent) }
            }
        } check: { _, _, server in
            #expect(server.heads.map { $0.headerValues("baggage") } == [["by=hand"], ["user=a%20b"]])
        }
    }

    @Test func baggageDoesNotFollowARedirectToAnotherOrigin() async throws {
        let other = try RawServer { $0.respond() }
        defer { other.stop() }
        try await withTracedServer({ exchange in
            exchange.send(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(other.port)/\r\nContent-Length: 0\r\n\r\n"
            ).ignoreResult()
        }) { _, base in
            try await HTTPClient.withClient { client in
                try await withBaggage { _ = try await client.get(base) }
            }
        } check: { _, _, server in
            #expect(server.heads.map { $0.headerValues("baggage") } == [["user=a%20b"]])
            #expect(other.heads.map { $0.headerValues("baggage") } == [[]])
            #expect(other.receivedSpanIDs.count == 1)
        }
    }
}

extension String {
    /// The values of the fields of this name in a head, in order.
    fileprivate func headerValues(_ name: String) -> [String] {
        split(whereSeparator: \.isNewline).compactMap { line in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { return nil }
            return String(line[colon...].dropFirst().drop { $0 == " " })
        }
    }
}
