import Contrail
import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import ContrailTesting
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(1))) struct FakeCollectorTests {
    private func body(_ names: String...) -> [UInt8] {
        let resource = Telemetry.Resource(attributes: [Telemetry.Attribute("service.name", .string("shop"))])
        return (try? OTLP.encode(names.compactMap(span), resource: resource)).map { Array($0) } ?? []
    }

    private func span(_ name: String) -> Telemetry.SpanData? {
        // An id of its own for each name.
        let number = name.utf8.prefix(8).reduce(UInt64(3)) { $0 &* 31 &+ UInt64($1) }
        guard let trace = Telemetry.TraceID(high: 1, low: 2), let id = Telemetry.SpanID(number) else { return nil }
        let context = Telemetry.SpanContext(traceID: trace, spanID: id, flags: .sampled)
        var span = Telemetry.SpanData(
            context: context, name: name, startNanoseconds: 1, endNanoseconds: 2, scope: Telemetry.Scope(name: "s"))
        span.attributes = [Telemetry.Attribute("k", .int(1))]
        return span
    }

    // MARK: Receiving

    @Test func requestsAreKeptRawAndDecoded() async throws {
        try await withFakeCollector { collector in
            let body = body("a", "b")
            let answer = try await PlainClient(port: collector.port).send(headers: ["X-Api-Key: secret"], body: body)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/x-protobuf")
            #expect(answer.body.isEmpty)
            let spans = try await collector.waitForSpans(count: 2)
            #expect(spans.map(\.span) == [span("a"), span("b")])
            #expect(spans.map(\.serviceName) == ["shop", "shop"])
            #expect(spans.first?["k"] == .int(1))
            let request = try #require(collector.requests.first)
            #expect(Array(request.body) == body)
            #expect(request.method == "POST" && request.path == "/v1/traces" && request.status == 200)
            let key = try #require(HTTPField.Name("x-api-key"))
            #expect(request.headers[key] == "secret")
            #expect(request.spans == spans)
            #expect(collector.endpoint == "http://127.0.0.1:\(collector.port)")
        }
    }

    @Test func largeBodiesArePlainOrChunked() async throws {
        try await withFakeCollector { collector in
            let client = PlainClient(port: collector.port)
            let body = body(String(repeating: "n", count: 5_000_000))
            let plain = try await client.send(body: body)
            #expect(plain.status == 200)
            let head =
                "POST /v1/traces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                + "Content-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n"
            var chunked = Array(head.utf8)
            for start in stride(from: 0, to: body.count, by: 65_000) {
                let piece = body[start..<min(start + 65_000, body.count)]
                chunked += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
            }
            #expect(try await client.exchange(chunked + Array("0\r\n\r\n".utf8)).status == 200)
            #expect(collector.requests.map { Array($0.body) == body } == [true, true])
        }
    }

    @Test func whatIsWrongIsAnsweredAsOTLPSays() async throws {
        var configuration = FakeCollector.Configuration()
        configuration.maxBodyBytes = 100
        configuration.checks = []
        try await withFakeCollector(configuration) { collector in
            let client = PlainClient(port: collector.port)
            let large = Array(repeating: UInt8(0), count: 3_000_000)
            let answers = [
                (try await client.send(body: [0xFF]), 400), (try await client.send("GET"), 405),
                (try await client.send("POST", "/v1/nothing"), 404), (try await client.send(type: "text/plain"), 415),
                (try await client.send(type: nil), 415),
                (try await client.send(headers: ["Content-Encoding: br"]), 415),
                (try await client.send(body: Array(large.prefix(101))), 413), (try await client.send(body: large), 413),
            ]
            for (answer, status) in answers {
                #expect(answer.status == status)
                #expect(answer.headers["content-type"] == "application/x-protobuf")
                #expect(try OTLP.RPCStatus(decoding: ByteChunk(answer.body)).message.isEmpty == false)
            }
            #expect(answers[1].0.headers["allow"] == "POST")
            #expect(collector.requests.map(\.status) == answers.map(\.1))
            #expect(collector.spans.isEmpty)
            #expect(try await client.send().status == 200)
        }
    }

    @Test func spansWithoutIdsAreAPartialSuccess() async throws {
        var configuration = FakeCollector.Configuration()
        configuration.checks = []
        try await withFakeCollector(configuration) { collector in
            // resource_spans { scope_spans { spans {} } }
            let answer = try await PlainClient(port: collector.port).send(body: [0x0A, 0x04, 0x12, 0x02, 0x12, 0x00])
            #expect(answer.status == 200)
            #expect(try OTLP.TraceResponse(decoding: ByteChunk(answer.body)).rejectedSpans == 1)
        }
    }

    // MARK: Behaving

    @Test func failsAsOftenAsToldAndThenAccepts() async throws {
        try await withFakeCollector { collector in
            let client = PlainClient(port: collector.port)
            collector.behave(.fail(status: 503, headers: [.retryAfter: "7"]), times: 2)
            for _ in 0..<2 {
                let answer = try await client.send(body: body("lost"))
                #expect(answer.status == 503)
                #expect(answer.headers["retry-after"] == "7")
                #expect(try OTLP.RPCStatus(decoding: ByteChunk(answer.body)).message == "told to answer 503")
            }
            #expect(try await client.send(body: body("kept")).status == 200)
            #expect(collector.requests.map(\.status) == [503, 503, 200])
            #expect(collector.spans.map(\.span.name) == ["kept"])
        }
    }

    @Test func refusesUntilToldOtherwise() async throws {
        try await withFakeCollector { collector in
            let client = PlainClient(port: collector.port)
            collector.behave(.refuse)
            for _ in 0..<3 {
                let answer = try await client.send(body: body("lost"))
                #expect(answer == PlainClient.Answer())
            }
            collector.behave(.accept)
            #expect(try await client.send(body: body("kept")).status == 200)
            #expect(collector.requests.map(\.status) == [nil, nil, nil, 200])
            #expect(collector.spans.map(\.span.name) == ["kept"])
        }
    }

    @Test func hangsUntilItStopsAndThenSaysNothing() async throws {
        let collector = try await FakeCollector.start()
        collector.behave(.hang, times: 1)
        let client = PlainClient(port: collector.port)
        let body = body("lost")
        async let hanging = client.send(body: body)
        let requests = try await collector.waitForRequests(count: 1)
        #expect(requests.map(\.status) == [nil])
        #expect(try await client.send(body: body).status == 200)
        await collector.stop()
        #expect(try await hanging == PlainClient.Answer())
    }

    @Test func delaysItsAnswer() async throws {
        try await withFakeCollector { collector in
            collector.behave(.delay(.milliseconds(200)))
            let start = ContinuousClock.now
            let answer = try await PlainClient(port: collector.port).send(body: body("late"))
            #expect(answer.status == 200)
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            #expect(collector.spans.count == 1)
        }
    }

    // MARK: Waiting

    @Test func waitingEndsWithTheSpanThatWasMissing() async throws {
        try await withFakeCollector { collector in
            let client = PlainClient(port: collector.port)
            async let waiting = collector.waitForSpans(count: 2) { $0.span.name == "wanted" }
            for name in ["wanted", "other", "wanted", "late"] { _ = try await client.send(body: body(name)) }
            let spans = try await waiting
            #expect(spans.map(\.span.name) == ["wanted", "wanted"])
        }
    }

    @Test func waitingTellsHowManyCameInTime() async throws {
        try await withFakeCollector { collector in
            _ = try await PlainClient(port: collector.port).send(body: body("one"))
            await #expect(throws: FakeCollectorError.timeout(waitedFor: 2, got: 1)) {
                try await collector.waitForSpans(count: 2, timeout: .milliseconds(20))
            }
        }
    }

    @Test func waitingEndsWhenTheCollectorStops() async throws {
        let collector = try await FakeCollector.start()
        let waiting = Task { try await collector.waitForSpans(count: 1) }
        await collector.stop()
        await collector.stop()
        await #expect(throws: FakeCollectorError.stopped) { try await waiting.value }
    }

    @Test func waitingEndsWhenItIsCancelled() async throws {
        try await withFakeCollector { collector in
            let task = Task { try await collector.waitForSpans(count: 1) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    // MARK: Limits

    @Test func moreThanItKeepsIsAnsweredAndCounted() async throws {
        var configuration = FakeCollector.Configuration()
        configuration.maxKeptRequests = 2
        configuration.maxKeptSpans = 3
        try await withFakeCollector(configuration) { collector in
            let client = PlainClient(port: collector.port)
            for _ in 0..<3 {
                let answer = try await client.send(body: body("a", "b"))
                #expect(answer.status == 200)
            }
            #expect(collector.requests.count == 2)
            #expect(collector.spans.count == 3)
            #expect(collector.notKept == 1 + 3)
            collector.reset()
            #expect(collector.requests.isEmpty && collector.spans.isEmpty && collector.notKept == 0)
        }
    }

    @Test func manyRequestsAtOnceAreAllKept() async throws {
        try await withFakeCollector { collector in
            let body = HTTPClient.Body.bytes(body("a", "b", "c"), contentType: "application/x-protobuf")
            var configuration = HTTPClient.Configuration()
            configuration.tracing.detail = .off
            configuration.limits.maxPerOrigin = 100
            let requests = Array(repeating: HTTPClient.Request.post(collector.tracesEndpoint, body: body), count: 100)
            let results = try await HTTPClient.withClient(configuration: configuration) { client in
                await client.fetchAll(requests)
            }
            #expect(results.successes.count { $0.status == .ok } == 100, "\(results.failures)")
            #expect(collector.spans.count == 300)
        }
    }

    @Test func stopsWhenTheBodyThrows() async throws {
        struct Expected: Error {}
        var port = 0
        await #expect(throws: Expected.self) {
            try await withFakeCollector { collector in
                port = collector.port
                throw Expected()
            }
        }
        await #expect(throws: (any Error).self) { try await PlainClient(port: port).send() }
    }
}
