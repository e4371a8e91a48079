import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing
import Tracing

/// What the spans of a call look like.
@Suite(.timeLimit(.minutes(1))) struct CallSpanTests {
    @Test func aCallIsAnInternalSpanWithAClientSpanPerSend() async throws {
        try await withTracedServer({ exchange in
            exchange.number == 1
                ? exchange.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").ignoreResult() : exchange.respond()
        }) { _, base in
            try await HTTPClient.withClient(configuration: .quick) { client in
                _ = try await client.get(base + "/users/42?api_key=hunter2")
            }
        } check: { _, spans, server in
            let call = try #require(spans.first { $0.span.kind == .internal })
            #expect(call.span.name == "call GET")
            #expect(call.int("contrail.attempts") == 2)
            #expect(call.string("contrail.outcome") == "response")
            #expect(call.span.parentSpanID == nil)
            #expect(call.span.events.map(\.name) == ["contrail.retry.scheduled"])
            let sends = spans.filter(\.isClient).sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
            #expect(sends.count == 2)
            #expect(sends.allSatisfy { $0.span.parentSpanID == call.span.context.spanID && $0.span.name == "GET" })
            #expect(sends.map { $0.int("http.response.status_code") } == [503, 200])
            #expect(sends[0].span.status == .error(""))
            #expect(sends[0].string("error.type") == "503")
            #expect(sends[1].span.status == .unset)
            #expect(sends[1].string("error.type") == nil)
            #expect(sends[1].string("server.address") == "127.0.0.1")
            #expect(sends[1].int("server.port") == Int64(server.port))
            #expect(sends[1].string("network.peer.address") == "127.0.0.1")
            #expect(sends[1].string("network.protocol.version") == "1.1")
            #expect(sends[1].string("url.full") == "http://127.0.0.1:\(server.port)/users/42?api_key=REDACTED")
            #expect(!spans.contains { "\($0)".contains("hunter2") })
        }
    }

    @Test func templateNamesTheSpans() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            try await HTTPClient.withClient { client in
                var request = HTTPClient.Request.get(base + "/users/42")
                request.urlTemplate = "/users/{id}"
                _ = try await client.execute(request)
            }
        } check: { _, spans, _ in
            #expect(Set(spans.map(\.span.name)) == ["call GET /users/{id}", "GET /users/{id}"])
        }
    }

    @Test func unknownMethodIsOther() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            try await HTTPClient.withClient { client in
                _ = try await client.execute(.init(HTTPRequest.Method("PURGE") ?? .get, base))
            }
        } check: { _, spans, _ in
            let send = try #require(spans.first { $0.isClient })
            #expect(send.span.name == "HTTP")
            #expect(send.string("http.request.method") == "_OTHER")
            #expect(send.string("http.request.method_original") == "PURGE")
        }
    }

    @Test func attemptsOnlyLeavesTheCallSpanOut() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            var configuration = HTTPClient.Configuration()
            configuration.tracing.detail = .attemptsOnly
            try await HTTPClient.withClient(configuration: configuration) { client in
                _ = try await client.get(base)
            }
        } check: { _, spans, server in
            #expect(spans.map(\.span.kind) == [.client])
            #expect(server.receivedSpanIDs == spans.map(\.id))
        }
    }

    @Test func offSendsNoTraceContext() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            var configuration = HTTPClient.Configuration()
            configuration.tracing.detail = .off
            try await HTTPClient.withClient(configuration: configuration) { client in
                _ = try await client.get(base)
            }
        } check: { _, spans, server in
            #expect(spans.isEmpty)
            #expect(server.receivedSpanIDs.isEmpty)
        }
    }

    @Test func callsAreChildrenOfTheAmbientSpan() async throws {
        try await withTracedServer({ $0.respond() }) { _, base in
            try await HTTPClient.withClient { client in
                await withSpan("work") { _ in
                    _ = await client.fetchAll([.get(base), .get(base)])
                }
            }
        } check: { _, spans, _ in
            let work = try #require(spans.named("work").first)
            let calls = spans.named("call GET")
            #expect(calls.count == 2)
            #expect(calls.allSatisfy { $0.span.parentSpanID == work.span.context.spanID })
            #expect(Set(spans.map(\.span.context.traceID)).count == 1)
        }
    }

    @Test func middlewareRunsUnderTheCallsSpan() async throws {
        struct Signing: HTTPClient.Middleware {
            func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
                withSpan("sign") { _ in }
                return try await next(request)
            }
        }
        try await withTracedServer({ $0.respond() }) { _, base in
            var configuration = HTTPClient.Configuration()
            configuration.sendMiddleware = [Signing()]
            try await HTTPClient.withClient(configuration: configuration) { client in
                _ = try await client.get(base)
            }
        } check: { _, spans, _ in
            let call = try #require(spans.named("call GET").first)
            let sign = try #require(spans.named("sign").first)
            #expect(sign.span.parentSpanID == call.span.context.spanID)
        }
    }

    @Test func cancellationIsNoError() async throws {
        try await withTracedServer({ $0.hang() }) { server, base in
            try await HTTPClient.withClient { client in
                let call = Task { try await client.get(base) }
                while server.requestCount == 0 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                call.cancel()
                await #expect(throws: CancellationError.self) { try await call.value }
            }
        } check: { _, spans, server in
            #expect(spans.count == 2)
            for span in spans {
                #expect(span.span.status == .unset)
                #expect(span.string("error.type") == nil)
            }
            #expect(spans.first { $0.span.kind == .internal }?.string("contrail.outcome") == "cancelled")
            #expect(server.receivedSpanIDs == spans.filter(\.isClient).map(\.id))
        }
    }

    /// A response that a policy did not want, and one whose caller did not read it, were responses all the same.
    @Test func streamedErrorsKeepTheirStatus() async throws {
        try await withTracedServer({ exchange in
            let status = exchange.number == 1 ? "503 No" : "404 No"
            exchange.send("HTTP/1.1 \(status)\r\nContent-Length: 100\r\n\r\n0123456789")
            exchange.hang()
        }) { _, base in
            try await HTTPClient.withClient(configuration: .quick) { client in
                _ = try await client.stream(.get(base)).status.code
            }
        } check: { _, spans, _ in
            let sends = spans.filter(\.isClient).sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
            #expect(sends.map { $0.string("error.type") } == ["503", "404"])
            #expect(sends.map(\.span.status) == [.error(""), .error("")])
            #expect(sends.map { $0["contrail.cancelled"] } == [nil, .bool(true)])
        }
    }

    @Test func theCallersTimeoutCoversAStreamedBody() async throws {
        try await withTracedServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
            exchange.hang()
        }) { _, base in
            try await HTTPClient.withClient { client in
                var request = HTTPClient.Request.get(base)
                request.timeout = .milliseconds(200)
                let response = try await client.stream(request)
                do {
                    _ = try await response.body.collect(upTo: 1000)
                    return ClientError.Code?.none
                } catch {
                    return (error as? ClientError)?.code
                }
            }
        } check: { code, spans, _ in
            #expect(code == .deadlineExceeded)
            #expect(spans.first { $0.span.kind == .internal }?.string("error.type") == "deadline_exceeded")
        }
    }

    @Test func nothingBeginsAfterFetchAllIsCancelled() async throws {
        try await withTracedServer({ $0.hang() }) { server, base in
            var configuration = HTTPClient.Configuration()
            configuration.limits.maxTotal = 4
            return try await HTTPClient.withClient(configuration: configuration) { client in
                let all = Task { await client.fetchAll(Array(repeating: .get(base), count: 500)) }
                while server.requestCount < 4 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                all.cancel()
                return await all.value.failures.count
            }
        } check: { failures, spans, _ in
            #expect(failures == 500)
            #expect(spans.filter(\.isClient).count == 4)
            #expect(spans.count == 8)
        }
    }

    @Test func aStreamedCallEndsWithItsBody() async throws {
        try await withTracedServer({ $0.respond("0123456789") }) { _, base in
            try await HTTPClient.withClient { client in
                let response = try await client.stream(.get(base))
                return String(try await response.body.collect(upTo: 100))
            }
        } check: { text, spans, _ in
            #expect(text == "0123456789")
            #expect(spans.count == 2)
            #expect(spans.first { $0.span.kind == .internal }?.string("contrail.outcome") == "response")
        }
    }

    @Test func droppingAStreamedBodyEndsItsSpans() async throws {
        try await withTracedServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n0123456789")
            exchange.hang()
        }) { _, base in
            try await HTTPClient.withClient { client in
                _ = try await client.stream(.get(base)).status.code
            }
        } check: { _, spans, _ in
            #expect(spans.count == 2)
            #expect(spans.first { $0.isClient }?["contrail.cancelled"] == .bool(true))
        }
    }
}

extension Bool {
    func ignoreResult() {}
}
