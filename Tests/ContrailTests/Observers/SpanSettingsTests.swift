import ContrailTestSupport
import ContrailTesting
import HTTPTypes
import Testing
import Tracing

@testable import Contrail

/// What CLIENT spans say only where somebody asks for it.
@Suite(.timeLimit(.minutes(1))) struct SpanSettingsTests {
    /// One GET, with these settings, against a server that answers with a few header fields; its CLIENT span.
    private func span(
        method: HTTPRequest.Method = .get, path: String = "/users/42", headers: HTTPFields = [:],
        body: HTTPClient.Body? = nil,
        _ change: @escaping @Sendable (inout HTTPClient.Configuration) -> Void,
        _ check: @escaping (FakeCollector.ReceivedSpan) throws -> Void
    ) async throws {
        try await withTracedServer({
            $0.send("HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nSet-Cookie: s=hunter2\r\nContent-Length: 3\r\n\r\nabc")
                .ignoreResult()
        }) { _, base in
            var configuration = HTTPClient.Configuration.quick
            change(&configuration)
            try await HTTPClient.withClient(configuration: configuration) { client in
                var request = HTTPClient.Request(method, base + path, headers: headers)
                request.body = body
                _ = try await client.execute(request)
            }
        } check: { _, spans, _ in
            let sends = spans.filter(\.isClient)
            #expect(sends.count == 1)
            for send in sends { try check(send) }
        }
    }

    private static let optionalKeys = [
        "url.scheme", "user_agent.original", "network.transport", "url.template", "http.request.body.size",
        "http.response.body.size", "http.request.size", "http.response.size", "user_agent.synthetic.type",
    ]

    @Test func nothingOptionalIsThereByDefault() async throws {
        try await span(headers: [.authorization: "Bearer hunter2"], { _ in }) { span in
            for key in Self.optionalKeys { #expect(span[key] == nil, "\(key)") }
            #expect(!span.span.attributes.contains { $0.key.contains(".header.") })
            #expect(!"\(span)".contains("hunter2"))
        }
    }

    @Test func optionalAttributesAreThereWhenAskedFor() async throws {
        try await span({
            $0.tracing.optionalAttributes = [.scheme, .userAgent, .transport, .bodySizes, .syntheticTest]
            $0.defaultHeaders[.userAgent] = "shop/1"
        }) { span in
            #expect(span.string("url.scheme") == "http")
            #expect(span.string("user_agent.original") == "shop/1")
            #expect(span.string("network.transport") == "tcp")
            #expect(span.int("http.response.body.size") == 3)
            #expect(span.string("user_agent.synthetic.type") == "test")
        }
    }

    @Test func bothBodiesAreMeasuredWhenAskedFor() async throws {
        try await span(method: .post, body: .text("12345"), { $0.tracing.optionalAttributes = .bodySizes }) { span in
            #expect(span.int("http.request.body.size") == 5)
            #expect(span.int("http.response.body.size") == 3)
        }
        try await span({ $0.tracing.optionalAttributes = .bodySizes }) { span in
            #expect(span["http.request.body.size"] == nil)
        }
    }

    @Test func headersAreKeptWhenAskedForAndSecretsAreNot() async throws {
        let own = try #require(HTTPField.Name("X-Own-Secret"))
        let a = try #require(HTTPField.Name("X-A"))
        try await span(
            headers: [a: "req", .authorization: "Bearer hunter2", own: "hunter2"],
            {
                $0.secretHeaders = [own]
                $0.tracing.requestHeaders = [a, .authorization, own, .accept]
                $0.tracing.responseHeaders = [a, .setCookie]
            }
        ) { span in
            #expect(span["http.request.header.x-a"] == .array([.string("req")]))
            #expect(span["http.request.header.authorization"] == .array([.string("REDACTED")]))
            #expect(span["http.request.header.x-own-secret"] == .array([.string("REDACTED")]))
            #expect(span["http.request.header.accept"] == nil)
            #expect(span["http.response.header.x-a"] == .array([.string("1"), .string("2")]))
            #expect(span["http.response.header.set-cookie"] == .array([.string("REDACTED")]))
            #expect(!"\(span)".contains("hunter2"))
        }
    }

    @Test func aHeaderThatIsAskedForTwiceIsOneAttribute() async throws {
        let (a, again) = (try #require(HTTPField.Name("X-A")), try #require(HTTPField.Name("x-a")))
        try await span(
            headers: [a: "req"],
            {
                $0.tracing.requestHeaders = [a, again]
                $0.tracing.responseHeaders = [a, again, a]
            }
        ) { span in
            let keys = span.span.attributes.map(\.key).filter { $0.hasSuffix(".header.x-a") }
            #expect(keys.sorted() == ["http.request.header.x-a", "http.response.header.x-a"])
        }
    }

    @Test func knownMethodsAreReplacedAsAWhole() async throws {
        let purge = try #require(HTTPRequest.Method("PURGE"))
        try await span(method: purge, { $0.tracing.knownMethods = ["PURGE"] }) { span in
            #expect(span.span.name == "PURGE")
            #expect(span.string("http.request.method") == "PURGE")
            #expect(span["http.request.method_original"] == nil)
        }
        try await span({ $0.tracing.knownMethods = ["PURGE"] }) { span in
            #expect(span.span.name == "HTTP")
            #expect(span.string("http.request.method") == "_OTHER")
            #expect(span.string("http.request.method_original") == "GET")
        }
    }

    /// Methods are case-sensitive: `get` is none that is known.
    @Test func methodsAreComparedWithCase() async throws {
        let lower = try #require(HTTPRequest.Method("get"))
        try await span(method: lower, { _ in }) { span in
            #expect(span.string("http.request.method") == "_OTHER")
            #expect(span.string("http.request.method_original") == "get")
        }
    }

    @Test func aHookNamesTheSpan() async throws {
        try await span({ $0.tracing.spanName = { "\($0.method.rawValue) users #\($0.ordinal)" } }) { span in
            #expect(span.span.name == "GET users #0")
        }
        for answer in [nil, ""] {
            try await span({ $0.tracing.spanName = { _ in answer } }) { span in #expect(span.span.name == "GET") }
        }
    }

    @Test func ownSecretParametersReplaceTheList() async throws {
        try await span(path: "/?sig=1&mine=2&Mine=3", { $0.tracing.redactedQueryParameters = ["mine"] }) { span in
            #expect(span.string("url.full")?.hasSuffix("/?sig=1&mine=REDACTED&Mine=3") == true)
        }
    }

    @Test func aHostHeaderSaysWhichServerIsMeant() async throws {
        let host = try #require(HTTPField.Name("Host"))
        try await span(headers: [host: "shop.example:8443"], { _ in }) { span in
            #expect(span.string("server.address") == "shop.example")
            #expect(span.int("server.port") == 8443)
            #expect(span.string("network.peer.address") == "127.0.0.1")
        }
    }

    @Test(
        arguments: [
            ("a", "a", nil), ("a:81", "a", 81), ("[::1]", "::1", nil), ("[::1]:81", "::1", 81), ("", nil, nil),
            (":81", nil, nil),
            ("a:", nil, nil), ("a:x", nil, nil), ("a:0", nil, nil), ("a:70000", nil, nil), ("[::1", nil, nil),
            ("[::1]x", nil, nil),
            ("::1", nil, nil),
        ] as [(String, String?, Int?)]) func readsHostHeaders(header: String, host: String?, port: Int?)
    {
        let read = ServerAddress.read(header)
        #expect(read?.host == host && read?.port == port)
    }

    @Test(
        arguments: [
            ([:], KnownMethods.standard), (["": ""], KnownMethods.standard),
            ([KnownMethods.variable: ""], KnownMethods.standard),
            ([KnownMethods.variable: " , "], KnownMethods.standard),
            ([KnownMethods.variable: "GET"], ["GET"]), ([KnownMethods.variable: " GET ,purge,,"], ["GET", "purge"]),
        ] as [([String: String], Set<String>)]) func theEnvironmentNamesMethods(
            environment: [String: String], methods: Set<String>
        )
    {
        #expect(KnownMethods.of(environment) == methods)
    }

    /// Samplers see at the start what the semantic conventions mark as relevant for them.
    private struct LookingSampler: Telemetry.Sampler {
        let seen: @Sendable ([String]) -> Void
        var description: String { "LookingSampler" }
        func sample(_ candidate: Telemetry.SamplingCandidate) -> Telemetry.SamplingResult {
            if candidate.kind == .client { seen(candidate.attributes.map(\.key)) }
            return .init(.drop)
        }
    }

    @Test func samplersSeeTheAttributesAtTheStart() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        let (keys, continuation) = AsyncStream.makeStream(of: [String].self, bufferingPolicy: .bufferingOldest(1))
        let provider = Telemetry.TracerProvider(
            resource: .init(), sampler: LookingSampler { continuation.yield($0) }, processors: [])
        var configuration = HTTPClient.Configuration()
        configuration.tracing.tracer = provider.tracer(name: "t")
        try await HTTPClient.withClient(configuration: configuration) { client in
            _ = try await client.get("http://127.0.0.1:\(server.port)")
        }
        let seen = await keys.first { _ in true }
        #expect(seen == ["http.request.method", "server.address", "server.port", "url.full"])
        // Dropped, and still sent on: the chain holds.
        #expect(server.receivedSpanIDs.count == 1)
    }

    /// What the environment's propagators say instead of W3C: fields of the standard ones are not sent.
    @Test func theTracersPropagatorCarriesTheSend() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        let provider = Telemetry.TracerProvider(
            resource: .init(), processors: [], propagator: Telemetry.B3Propagator())
        var configuration = HTTPClient.Configuration()
        configuration.tracing.tracer = provider.tracer(name: "t")
        try await HTTPClient.withClient(configuration: configuration) { client in
            var request = HTTPClient.Request.get("http://127.0.0.1:\(server.port)")
            request.headers[try #require(HTTPField.Name("b3"))] = "stale"
            _ = try await client.execute(request)
        }
        let head = try #require(server.heads.first).lowercased()
        #expect(head.contains("\r\nb3: ") && !head.contains("stale") && !head.contains("traceparent"))
    }
}
