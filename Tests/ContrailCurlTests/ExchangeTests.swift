import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("What goes out and what comes back", .timeLimit(.minutes(1)))
struct ExchangeTests {
    @Test func getBringsStatusFieldsAndBody() async throws {
        try await withServer({ $0.respond("hello", headers: "X-One: 1\r\nX-One: 2\r\n") }) { server, transport in
            let response = try await transport.fetch(.get(server.port, "/a?b=c"))
            #expect(response.head.status.code == 200)
            #expect(response.head.status.reasonPhrase == "OK")
            #expect(response.head.version == .http11)
            #expect(response.text == "hello")
            let one = try #require(HTTPField.Name("x-one"))
            #expect(response.head.headers[values: one] == ["1", "2"])
            #expect(server.heads.first?.hasPrefix("GET /a?b=c HTTP/1.1\r\n") == true)
        }
    }

    @Test func onlyWhatTheCallerSetGoesOut() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.get(server.port)
            request.headers[try #require(HTTPField.Name("X-Mine"))] = "yes"
            request.headers[try #require(HTTPField.Name("X-Empty"))] = ""
            request.headers[.contentLength] = "999"
            request.headers[.transferEncoding] = "chunked"
            request.headers[.connection] = "close"
            request.headers[.expect] = "100-continue"
            _ = try await transport.fetch(request)
            let head = try #require(server.heads.first)
            #expect(
                head == "GET / HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nX-Mine: yes\r\nX-Empty:\r\n\r\n")
        }
    }

    @Test func theHostFieldOfTheCallerIsSent() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.get(server.port)
            request.headers[try #require(HTTPField.Name("Host"))] = "other.example"
            _ = try await transport.fetch(request)
            #expect(server.heads.first?.contains("Host: other.example\r\n") == true)
            #expect(server.heads.first?.contains("127.0.0.1") == false)
        }
    }

    @Test func thePathGoesOutAsItIs() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            _ = try await transport.fetch(.get(server.port, "/a//b/%2e%2e/c"))
            #expect(server.heads.first?.hasPrefix("GET /a//b/%2e%2e/c ") == true)
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "GET", "QUERY"])
    func theBodyArrives(method: String) async throws {
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.post(server.port, "some bytes")
            request.method = try #require(HTTPRequest.Method(method))
            _ = try await transport.fetch(request)
            #expect(server.bodies == [Array("some bytes".utf8)])
            #expect(server.heads.first?.hasPrefix("\(method) / ") == true)
            #expect(server.heads.first?.contains("Content-Length: 10\r\n") == true)
            #expect(server.heads.first?.contains("Content-Type") == false)
        }
    }

    @Test func aLargeBodyArrivesWithoutExpect() async throws {
        let body = [UInt8](repeating: 0x5A, count: 3_000_000)
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.post(server.port, "")
            request.body = WireBody(ByteChunk(body))
            _ = try await transport.fetch(request)
            #expect(server.bodies == [body])
            #expect(server.heads.first?.contains("Expect") == false)
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func aMethodThatMeansContentSaysZeroBytes(method: String) async throws {
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.get(server.port)
            request.method = try #require(HTTPRequest.Method(method))
            _ = try await transport.fetch(request)
            #expect(server.heads.first?.hasPrefix("\(method) / ") == true)
            #expect(server.heads.first?.contains("Content-Length: 0\r\n") == true)
        }
    }

    @Test func headBringsTheLengthButNoBody() async throws {
        try await withServer({ $0.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n") }) { server, transport in
            var request = WireRequest.get(server.port)
            request.method = .head
            let response = try await transport.fetch(request)
            #expect(response.text == "")
            #expect(response.head.headers[.contentLength] == "500")
            #expect(server.heads.first?.hasPrefix("HEAD / ") == true)
        }
    }

    @Test func chunkedBodiesAreJoined() async throws {
        try await withServer({
            $0.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n")
        }) { server, transport in
            #expect(try await transport.fetch(.get(server.port)).text == "hello world")
            // The connection was left in a state in which it can be used again.
            let again = try await transport.fetch(.get(server.port))
            #expect(again.summary.connectionReused)
        }
    }

    @Test func interimResponsesAreSkipped() async throws {
        try await withServer({
            $0.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
            $0.respond("done", headers: "X-Final: yes\r\n")
        }) { server, transport in
            let response = try await transport.fetch(.get(server.port))
            #expect(response.head.status.code == 200)
            #expect(response.head.headers.contains { $0.name.canonicalName == "link" } == false)
            #expect(response.head.headers.count == 2)
        }
    }

    @Test func redirectsAreNotFollowed() async throws {
        try await withServer({
            $0.send("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
        }) { server, transport in
            let response = try await transport.fetch(.get(server.port))
            #expect(response.head.status.code == 302)
            #expect(server.requestCount == 1)
        }
    }

    @Test func foldedLinesAreJoinedAndLatin1IsKept() async throws {
        try await withServer({
            $0.send(
                Array("HTTP/1.1 200 OK\r\nX-F: a\r\n  b\r\nX-L: ".utf8) + [0xE9]
                    + Array("\r\nContent-Length: 0\r\n\r\n".utf8))
        }) { server, transport in
            let headers = try await transport.fetch(.get(server.port)).head.headers
            #expect(headers[try #require(HTTPField.Name("x-f"))] == "a b")
            let latin = try #require(headers.first { $0.name.canonicalName == "x-l" })
            #expect(unsafe latin.withUnsafeBytesOfValue { unsafe Array($0) } == [0xE9])
        }
    }

    @Test func bodiesOfUnknownLengthEndWithTheConnection() async throws {
        try await withServer({
            $0.send("HTTP/1.0 200 OK\r\n\r\nuntil the end")
            $0.finish()
        }) { server, transport in
            let response = try await transport.fetch(.get(server.port))
            #expect(response.text == "until the end")
            #expect(response.head.version == .http10)
        }
    }

    @Test func aBodyMayBeExactlyAtTheLimitButNotAbove() async throws {
        try await withServer({ $0.respond("12345") }) { server, transport in
            let response = try await transport.send(.get(server.port), mode: .buffered(maxBytes: 5))
            #expect(response.text == "12345")
            let failure = await transport.failure(of: .get(server.port), mode: .buffered(maxBytes: 4))
            #expect(failure?.kind == .bodyTooLarge)
        }
    }

    @Test func aBodyOfUnannouncedLengthIsLimitedToo() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")
        }) { server, transport in
            let failure = await transport.failure(of: .get(server.port), mode: .buffered(maxBytes: 9))
            #expect(failure?.kind == .bodyTooLarge)
        }
    }

    @Test func headersAreLimitedByBytesAndByCount() async throws {
        try await withServer({
            let fields = (0..<50).map { "X-\($0): value\r\n" }.joined()
            $0.respond("", headers: $0.path == "/many" ? fields : "X-Long: \(String(repeating: "x", count: 5000))\r\n")
        }) {
            $0.maxHeaderBytes = 4096
            $0.maxHeaderFields = 20
        } _: { server, transport in
            #expect(await transport.failure(of: .get(server.port, "/many"))?.kind == .headersTooLarge)
            #expect(await transport.failure(of: .get(server.port, "/long"))?.kind == .headersTooLarge)
        }
    }

    @Test func aNulInTheHeadIsNotHTTP() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nX-N: a\u{0}b\r\nContent-Length: 0\r\n\r\n")
        }) { server, transport in
            #expect(await transport.failure(of: .get(server.port))?.kind == .protocolViolation)
        }
    }

    @Test func whatIsNotHTTPIsAViolation() async throws {
        try await withServer({
            $0.send("SSH-2.0-OpenSSH\r\n\r\n")
            $0.finish()
        }) { server, transport in
            #expect(await transport.failure(of: .get(server.port))?.kind == .protocolViolation)
        }
    }
}
