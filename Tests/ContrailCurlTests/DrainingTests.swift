import ContrailBase
import ContrailCore
import ContrailTestSupport
import Testing

@testable import ContrailCurl

@Suite("Bodies that nobody reads to the end", .timeLimit(.minutes(1)))
struct DrainingTests {
    private func open(_ transport: CurlTransport, _ port: Int) async throws -> any WireBodyStream {
        try #require(try await transport.send(.get(port, "/first"), mode: .streaming).stream)
    }

    private func waitUntilIdle(_ transport: CurlTransport) async throws {
        while transport.counters.inFlight > 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test(arguments: [(1, true), (60_000, true), (66_000, false), (400_000, false)])
    func aShortRestIsReadAndTheConnectionKept(bytes: Int, isKept: Bool) async throws {
        let mayGoOn = Gate()
        try await withServer({
            guard $0.path == "/first" else { return $0.respond() }
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: \(bytes + 5)\r\n\r\nfirst")
            mayGoOn.wait()
            $0.send([UInt8](repeating: 120, count: bytes))
        }) { server, transport in
            let stream = try await open(transport, server.port)
            #expect(try await stream.next().map(String.init) == "first")
            stream.cancel()
            await expectCancelled { _ = try await stream.next() }
            // What is not to be read must not come before the loop has taken the cancellation.
            if !isKept { try await waitUntilIdle(transport) }
            mayGoOn.open()
            try await waitUntilIdle(transport)
            let next = try await transport.fetch(.get(server.port))
            #expect(next.text == "hello")
            #expect(next.summary.connectionReused == isKept)
            #expect(server.connectionCount == (isKept ? 1 : 2))
        }
    }

    @Test func aPausedBodyIsDrainedToo() async throws {
        // More than the queue holds, less than 64 kB of it unread by libcurl.
        let bytes = BodyQueue<Never>.highWater + 40_000
        try await withServer({ $0.respond($0.path == "/first" ? String(repeating: "x", count: bytes) : "second") }) {
            server, transport in
            let stream = try #require(try await open(transport, server.port) as? CurlBodyStream)
            while stream.pipe.outstanding < BodyQueue<Never>.highWater {
                try Task.checkCancellation()
                await Task.yield()
            }
            stream.cancel()
            try await waitUntilIdle(transport)
            let next = try await transport.fetch(.get(server.port))
            #expect(next.text == "second" && next.summary.connectionReused)
        }
    }

    /// What counts is the rest on the wire; what it becomes is thrown away however much it is.
    @Test func anEncodedRestIsDrainedToo() async throws {
        let body = try await Compressed.gzipRepetitive(megabytes: 4)
        #expect(body.count < 60_000)
        try await withServer({
            guard $0.path == "/first" else { return $0.respond() }
            $0.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n")
            $0.send(body)
        }) { server, transport in
            var request = WireRequest.get(server.port, "/first")
            request.decoding = .automatic
            let stream = try #require(try await transport.send(request, mode: .streaming).stream)
            _ = try await stream.next()
            stream.cancel()
            try await waitUntilIdle(transport)
            #expect(try await transport.fetch(.get(server.port)).summary.connectionReused)
        }
    }

    @Test func aRestOfUnknownLengthIsNotRead() async throws {
        let mayGoOn = Gate()
        try await withServer({
            guard $0.path == "/first" else { return $0.respond() }
            $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            mayGoOn.wait()
            $0.send("0\r\n\r\n")
        }) { server, transport in
            let stream = try await open(transport, server.port)
            _ = try await stream.next()
            stream.cancel()
            await expectCancelled { _ = try await stream.next() }
            try await waitUntilIdle(transport)
            mayGoOn.open()
            #expect(try await transport.fetch(.get(server.port)).summary.connectionReused == false)
        }
    }

    @Test func aRestThatDoesNotComeIsGivenUpAfterASecond() async throws {
        try await withServer({
            guard $0.path == "/first" else { return $0.respond() }
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            $0.hang()
        }) { server, transport in
            let stream = try await open(transport, server.port)
            _ = try await stream.next()
            let before = SystemTime().now
            stream.cancel()
            await expectCancelled { _ = try await stream.next() }
            try await waitUntilIdle(transport)
            #expect(SystemTime().now - before >= .seconds(1))
            #expect(try await transport.fetch(.get(server.port)).summary.connectionReused == false)
        }
    }

    @Test func shuttingDownDoesNotWaitForADrain() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            $0.hang()
        }) { server, transport in
            let stream = try await open(transport, server.port)
            _ = try await stream.next()
            stream.cancel()
            await transport.shutdown()
            #expect(transport.counters.inFlight == 0)
        }
    }
}
