import ContrailBase
import ContrailCore
import ContrailTestSupport
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("Heads, interim responses and trailers", .timeLimit(.minutes(1)))
struct ResponseHeadTests {
    private static let end = "Content-Length: 2\r\n\r\nok"
    private static let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLink: </b.css>\r\n\r\n"

    /// What becomes of a server's exact words.
    private func outcome(
        of response: String, mode: BodyMode = CurlTransport.largeLimit,
        configure: (inout CurlTransport.Configuration) -> Void = { _ in }
    ) async throws -> Result<WireResponse, TransportError> {
        try await withServer(
            {
                $0.send(response)
                $0.finish()
            }, configure: configure
        ) { server, transport in
            do {
                return .success(try await transport.send(.get(server.port), mode: mode))
            } catch {
                return .failure(try #require(error as? TransportError))
            }
        }
    }

    private func kind(of response: String, configure: (inout CurlTransport.Configuration) -> Void = { _ in })
        async throws -> TransportError.Kind?
    {
        guard case .failure(let error) = try await outcome(of: response, configure: configure) else { return nil }
        return error.kind
    }

    // MARK: Limits

    @Test(arguments: [(64 * 1024, true), (64 * 1024 - 60, false)])
    func theHeadHasALimitOfBytes(padding: Int, isTooLarge: Bool) async throws {
        let head = "HTTP/1.1 200 OK\r\nX-Pad: \(String(repeating: "x", count: padding))\r\n"
        #expect(try await kind(of: head + Self.end) == (isTooLarge ? .headersTooLarge : nil))
    }

    @Test func threeHundredKilobytesOfFieldsAreTooMuch() async throws {
        let field = "X-Pad: \(String(repeating: "x", count: 990))\r\n"
        let head = "HTTP/1.1 200 OK\r\n" + String(repeating: field, count: 300)
        #expect(try await kind(of: head + Self.end) == .headersTooLarge)
    }

    @Test func aLineWithoutEndIsTooMuch() async throws {
        try await withServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\nX-Endless: ")
            let block = [UInt8](repeating: 120, count: 16384)
            while exchange.send(block) {}
        }) { server, transport in
            #expect(await transport.failure(of: .get(server.port))?.kind == .headersTooLarge)
        }
    }

    @Test func fieldsWithoutEndAreTooMuch() async throws {
        try await withServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\n")
            while exchange.send("a: b\r\n") {}
        }) { server, transport in
            #expect(await transport.failure(of: .get(server.port))?.kind == .headersTooLarge)
        }
    }

    @Test(arguments: [(9, false), (10, true)])
    func theNumberOfFieldsIsLimited(fields: Int, isTooLarge: Bool) async throws {
        let head = "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: fields)
        let kind = try await kind(of: head + Self.end) { $0.maxHeaderFields = 10 }
        #expect(kind == (isTooLarge ? .headersTooLarge : nil))
    }

    // MARK: Words that are none

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\n\(end)", "HTTP/1.1 200 OK\r\n folded without a field\r\n\(end)",
        "HTTP/1.1 banana\r\n\(end)",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot hexadecimal\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
    ])
    func whatIsNotHTTPViolatesTheProtocol(response: String) async throws {
        #expect(try await kind(of: response) == .protocolViolation)
    }

    /// RFC 9112 §5.2: a user agent replaces the fold by spaces.
    @Test func aFoldedFieldIsJoined() async throws {
        let response = try await outcome(of: "HTTP/1.1 200 OK\r\nX-Folded: one\r\n \t two\r\n\(Self.end)").get()
        #expect(response.head.headers[try #require(HTTPField.Name("X-Folded"))] == "one two")
    }

    /// RFC 9112 §6.3: what is behind the announced length is no part of the response, and never the next one.
    @Test func bytesBehindTheBodyAreNotTheNextResponse() async throws {
        let extra = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        try await withServer({ $0.send("HTTP/1.1 200 OK\r\n\(Self.end)" + extra) }) { server, transport in
            for _ in 0..<3 {
                let response = try await transport.fetch(.get(server.port))
                #expect(response.text == "ok")
                #expect(!response.summary.connectionReused)
            }
            #expect(server.requestCount == 3)
        }
    }

    // MARK: Interim responses

    @Test(arguments: [false, true])
    func interimResponsesAreKeptBesideTheFinalOne(streaming: Bool) async throws {
        let text = "HTTP/1.1 100 Continue\r\n\r\n\(Self.hints)HTTP/1.1 200 OK\r\n\(Self.end)"
        let response = try await outcome(of: text, mode: streaming ? .streaming : CurlTransport.largeLimit).get()
        let interim = response.summary.interimResponses
        let link = try #require(HTTPField.Name("Link"))
        #expect(response.head.status == .ok)
        #expect(interim.map(\.status.code) == [100, 103])
        #expect(interim.last?.headers[values: link] == ["</a.css>", "</b.css>"])
        #expect(!response.head.headers.contains(link))
    }

    @Test(arguments: [(32, nil), (33, TransportError.Kind.protocolViolation)])
    func aFloodOfInterimResponsesEnds(count: Int, expected: TransportError.Kind?) async throws {
        let text = String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: count) + "HTTP/1.1 200 OK\r\n\(Self.end)"
        #expect(try await kind(of: text) == expected)
    }

    @Test func interimResponsesShareALimitOfBytes() async throws {
        let large = "HTTP/1.1 103 Early Hints\r\nX-Pad: \(String(repeating: "x", count: 30000))\r\n\r\n"
        let text = String(repeating: large, count: 3) + "HTTP/1.1 200 OK\r\n\(Self.end)"
        #expect(try await kind(of: text) == .headersTooLarge)
    }

    // MARK: Trailers

    private static let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\n"

    @Test func trailersComeWithACollectedBody() async throws {
        let response = try await outcome(of: Self.chunked + "X-Sum: 1\r\nx-sum: 2\r\n\r\n").get()
        let name = try #require(HTTPField.Name("X-Sum"))
        #expect(response.text == "hello")
        #expect(response.trailers[values: name] == ["1", "2"])
        #expect(!response.head.headers.contains(name))
    }

    @Test func trailersOfAStreamAreThereAtItsEnd() async throws {
        let name = try #require(HTTPField.Name("X-Sum"))
        try await withServer({ $0.send(Self.chunked + "X-Sum: 1\r\n\r\n") }) { server, transport in
            let stream = try #require(try await transport.send(.get(server.port), mode: .streaming).stream)
            var text = ""
            while let chunk = try await stream.next() { text += String(chunk) }
            #expect(text == "hello")
            #expect(stream.trailers[name] == "1")
            // They are the response's, not the next one's.
            #expect(try await transport.fetch(.get(server.port)).trailers[values: name] == ["1"])
        }
    }

    @Test func trailersCountAgainstTheLimits() async throws {
        let many = String(repeating: "A: b\r\n", count: 20)
        #expect(try await kind(of: Self.chunked + many + "\r\n") { $0.maxHeaderFields = 10 } == .headersTooLarge)
        let large = "A: \(String(repeating: "x", count: 3000))\r\n\r\n"
        #expect(try await kind(of: Self.chunked + large) { $0.maxHeaderBytes = 2000 } == .headersTooLarge)
    }

    // MARK: Any bytes at all

    /// Random cuts and flips of a good response end in a response or a typed error, never in a crash or a hang.
    @Test func damagedResponsesEndInTime() async throws {
        let good = Array(
            "\(Self.hints)HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n z\r\n\r\n5\r\nhello\r\n0\r\nT: u\r\n\r\n"
                .utf8)
        let random = SeededRandom(seed: 7)
        let script = Locked<[UInt8]>([])
        try await withServer({
            $0.send(script.withLock { $0 })
            $0.finish()
        }) { server, transport in
            for _ in 0..<300 {
                var bytes = Array(good.prefix(Int(random.next() % UInt64(good.count)) + 1))
                for _ in 0..<(random.next() % 4) {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() & 0xFF)
                }
                script.withLock { $0 = bytes }
                var request = WireRequest.get(server.port)
                request.deadline = SystemTime().now + .seconds(20)
                let failure = await transport.failure(of: request)
                #expect(
                    failure?.kind != .timeout && failure?.kind != .other, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }
}
