import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing

/// What redirects leave behind, against real sockets: a CLIENT span per hop, and what each server received.
@Suite(.timeLimit(.minutes(1))) struct RedirectSpanTests {
    private static func redirect(_ exchange: Exchange, to location: String, status: Int = 302) {
        exchange.send("HTTP/1.1 \(status) Moved\r\nLocation: \(location)\r\nContent-Length: 5\r\n\r\nmoved")
    }

    @Test func everyHopIsAClientSpanWithATraceparentOfItsOwn() async throws {
        try await withTracedServer({ exchange in
            switch exchange.path {
            case "/1": Self.redirect(exchange, to: "/2?token=hunter2")
            case "/2?token=hunter2": Self.redirect(exchange, to: "3", status: 307)
            default: exchange.respond("there")
            }
        }) { _, base in
            try await HTTPClient.withClient { client in
                let response = try await client.get(base + "/1")
                #expect(response.text == "there")
                #expect(response.url.text == base + "/3")
                return response.redirects.count
            }
        } check: { count, spans, server in
            #expect(count == 2)
            let sends = spans.filter(\.isClient).sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
            #expect(server.receivedSpanIDs == sends.map(\.id))
            #expect(Set(sends.map(\.id)).count == 3)
            #expect(sends.map { $0.int("http.response.status_code") } == [302, 307, 200])
            #expect(sends.map { $0.int("http.request.resend_count") } == [nil, 1, 2])
            let base = "http://127.0.0.1:\(server.port)"
            #expect(
                sends.map { $0.string("url.full") } == [base + "/1", base + "/2?token=REDACTED", base + "/3"])
            let call = try #require(spans.first { $0.span.kind == .internal })
            #expect(sends.allSatisfy { $0.span.parentSpanID == call.span.context.spanID && $0.span.status == .unset })
            #expect(call.int("contrail.redirects") == 2)
            #expect(call.int("contrail.attempts") == 3)
            #expect(call.span.events.map(\.name) == ["contrail.redirect.followed", "contrail.redirect.followed"])
            #expect(!spans.contains { "\($0)".contains("hunter2") })
            #expect(server.connectionCount == 1)
        }
    }

    @Test func secretsDoNotReachAnotherOrigin() async throws {
        let other = try RawServer { $0.respond("other") }
        defer { other.stop() }
        let location = "http://127.0.0.1:\(other.port)/"
        try await withTracedServer({ Self.redirect($0, to: location) }) { _, base in
            try await HTTPClient.withClient { client in
                let headers: HTTPFields = [.authorization: "Bearer s3cret", .cookie: "id=s3cret", .accept: "a/b"]
                _ = try await client.get(base, headers: headers)
            }
        } check: { _, spans, server in
            #expect(server.heads[0].contains("s3cret"))
            #expect(other.requestCount == 1)
            #expect(!other.heads[0].contains("s3cret"))
            #expect(other.heads[0].contains("a/b"))
            #expect(other.heads[0].contains("127.0.0.1:\(other.port)"))
            #expect(spans.filter(\.isClient).count == 2)
        }
    }

    @Test func aRefusedRedirectSaysWhy() async throws {
        try await withTracedServer({ Self.redirect($0, to: "file:///etc/passwd") }) { _, base in
            try await HTTPClient.withClient { client in
                let error = await #expect(throws: ClientError.self) { try await client.get(base) }
                #expect(error?.code == .redirectRefused)
                #expect(error?.response?.text == "moved")
            }
        } check: { _, spans, _ in
            let call = try #require(spans.first { $0.span.kind == .internal })
            #expect(call.string("error.type") == "redirect_refused")
            #expect(call.span.events.map(\.name) == ["contrail.redirect.refused"])
            // The send itself went well.
            #expect(spans.filter(\.isClient).map(\.span.status) == [.unset])
        }
    }

    @Test func aStreamedCallFollowsToo() async throws {
        try await withTracedServer({ exchange in
            exchange.path == "/2" ? exchange.respond("there") : Self.redirect(exchange, to: "/2")
        }) { _, base in
            try await HTTPClient.withClient { client in
                let response = try await client.stream(.get(base))
                return String(try await response.body.collect(upTo: 100))
            }
        } check: { text, spans, _ in
            #expect(text == "there")
            #expect(spans.filter(\.isClient).map { $0["contrail.cancelled"] } == [nil, nil])
        }
    }
}
