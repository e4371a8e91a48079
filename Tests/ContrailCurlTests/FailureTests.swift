import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("How sends fail", .timeLimit(.minutes(1)))
struct FailureTests {
    @Test(arguments: ["POST", "GET"])
    func aRequestOnADyingKeptConnectionIsSentOnce(method: String) async throws {
        // libcurl by itself would send it again, a POST included.
        try await withServer({
            if $0.numberOnConnection == 1 { $0.respond() } else { $0.finish() }
        }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            var request = method == "POST" ? WireRequest.post(server.port, "pay", "/pay") : .get(server.port, "/pay")
            request.method = try #require(HTTPRequest.Method(method))
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .staleConnection)
            #expect(failure.summary.wireSends == 1)
            #expect(failure.summary.connectionReused)
            #expect(server.heads.filter { $0.contains("/pay") }.count == 1)
            #expect(server.connectionCount == 1)
        }
    }

    @Test func aResetOfAKeptConnectionIsStaleToo() async throws {
        try await withServer({
            if $0.numberOnConnection == 1 { $0.respond() } else { $0.reset() }
        }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            let failure = try #require(await transport.failure(of: .post(server.port, "pay")))
            #expect(failure.kind == .staleConnection)
            #expect(server.requestCount == 2)
        }
    }

    @Test func aConnectionClosedWhileIdleIsReplacedUnseen() async throws {
        try await withServer({
            $0.respond()
            $0.finish()
        }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            while transport.counters.inFlight > 0 { await Task.yield() }
            // The close may be on its way still; then the send is stale, which is right as well, but not again.
            var response: WireResponse?
            for _ in 0..<3 where response == nil { response = try? await transport.fetch(.get(server.port)) }
            #expect(try #require(response).summary.connectionReused == false)
        }
    }

    @Test func aFirstSendThatIsClosedUnansweredIsAnEmptyReply() async throws {
        try await withServer({ $0.finish() }) { server, transport in
            let failure = try #require(await transport.failure(of: .get(server.port)))
            #expect(failure.kind == .emptyReply)
            #expect(failure.summary.wireSends == 1)
            #expect(server.requestCount == 1)
        }
    }

    @Test func aResetBeforeTheResponseIsAReset() async throws {
        try await withServer({ $0.reset() }) { server, transport in
            #expect(await transport.failure(of: .get(server.port))?.kind == .connectionReset)
        }
    }

    @Test func aCloseInsideTheHeadIsNotASuccess() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nX-Half: ")
            $0.finish()
        }) { server, transport in
            #expect(await transport.failure(of: .get(server.port))?.kind == .connectionReset)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ])
    func aShortBodyIsTruncated(response: String) async throws {
        try await withServer({
            $0.send(response)
            $0.finish()
        }) { server, transport in
            let failure = try #require(await transport.failure(of: .get(server.port)))
            #expect(failure.kind == .truncatedBody)
            #expect(failure.summary.responseBodyBytes > 0)
        }
    }

    @Test func aRefusedConnectionSentNothing() async throws {
        let server = try RawServer { $0.respond() }
        server.stop()
        let transport = CurlTransport()
        var request = WireRequest.get(server.port, "/secret?token=abc")
        request.headers[.authorization] = "Bearer abc"
        let failure = try #require(await transport.failure(of: request))
        #expect(failure.kind == .connect)
        #expect(failure.summary.wireSends == 0)
        #expect(failure.message.contains("127.0.0.1:\(server.port)"))
        #expect(!failure.message.contains("abc"))
        await transport.shutdown()
    }

    @Test func anUnknownNameIsANameResolutionFailure() async throws {
        let transport = CurlTransport()
        let request = WireRequest(method: .get, url: .local(80, host: "no-such-host.invalid"))
        let failure = try #require(await transport.failure(of: request))
        #expect(failure.kind == .nameResolution)
        #expect(failure.summary.wireSends == 0)
        #expect(failure.summary.lookupStarted != nil)
        await transport.shutdown()
    }

    @Test func connectingHasALimit() async throws {
        let listener = try FaultServer.start(.neverAccept)
        defer { listener.stop() }
        let transport = CurlTransport()
        var request = WireRequest.get(listener.port)
        request.connectTimeout = .milliseconds(60)
        let failure = try #require(await transport.failure(of: request))
        #expect(failure.kind == .connectTimeout)
        #expect(failure.summary.wireSends == 0)
        await transport.shutdown()
    }

    @Test(arguments: [0, 40])
    func theDeadlineEndsASilentExchange(milliseconds: Int) async throws {
        try await withServer({ $0.hang() }) { server, transport in
            var request = WireRequest.get(server.port)
            let deadline = SystemTime().now + .milliseconds(milliseconds)
            request.deadline = deadline
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .timeout)
            let ended = try #require(failure.summary.ended)
            #expect(ended >= deadline)
            #expect(ended - deadline < .milliseconds(100))
        }
    }

    @Test func theDeadlineCoversABufferedBody() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
            $0.hang()
        }) { server, transport in
            var request = WireRequest.get(server.port)
            // Long enough for a first byte on a busy machine under a sanitizer.
            request.deadline = SystemTime().now + .milliseconds(500)
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .timeout)
            #expect(failure.summary.firstByte != nil)
        }
    }

    @Test func aControlCharacterInAHeaderIsAnInvalidRequest() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.get(server.port)
            let name = try #require(HTTPField.Name("X-Mine"))
            request.headers.append(HTTPField(name: name, lenientValue: Array("secret\u{1}".utf8)))
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .invalidRequest)
            #expect(!failure.message.contains("secret"))
            #expect(server.requestCount == 0)
        }
    }
}
