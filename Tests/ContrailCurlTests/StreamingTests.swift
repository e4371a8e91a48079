import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("Streamed bodies", .timeLimit(.minutes(1)))
struct StreamingTests {
    private func open(_ transport: CurlTransport, _ request: WireRequest) async throws -> (
        WireResponse, any WireBodyStream
    ) {
        let response = try await transport.send(request, mode: .streaming)
        return (response, try #require(response.stream))
    }

    @Test func theHeadComesBeforeTheBody() async throws {
        let mayGoOn = Gate()
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            mayGoOn.wait()
            $0.send("-next")
        }) { server, transport in
            let (response, stream) = try await open(transport, .get(server.port))
            #expect(response.head.status.code == 200)
            #expect(response.summary.firstByte != nil && response.summary.ended == nil)
            #expect(try await stream.next().map(String.init) == "first")
            mayGoOn.open()
            #expect(try await stream.next().map(String.init) == "-next")
            #expect(try await stream.next() == nil)
            #expect(try await stream.next() == nil)
            #expect(stream.summary.responseBodyBytes == 10)
            #expect(stream.summary.ended != nil)
        }
    }

    @Test func anEmptyBodyEndsAtOnceAndTheConnectionIsKept() async throws {
        try await withServer({ $0.respond("") }) { server, transport in
            let (_, stream) = try await open(transport, .get(server.port))
            #expect(try await stream.next() == nil)
            #expect(try await transport.fetch(.get(server.port)).summary.connectionReused)
        }
    }

    @Test func aSlowConsumerHoldsThePeerBack() async throws {
        let total = 64 << 20
        let sent = Locked(0)
        try await withServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let block = [UInt8](repeating: 7, count: 1 << 16)
            for _ in 0..<(total / block.count) {
                guard exchange.send(block) else { return }
                sent.withLock { $0 += block.count }
            }
        }) { server, transport in
            let (_, stream) = try await open(transport, .get(server.port))
            var received = 0
            var largestLead = 0
            while let chunk = try await stream.next() {
                received += chunk.count
                // What is sent and not received is in the socket buffers and in our queue.
                largestLead = max(largestLead, sent.withLock { $0 } - received)
            }
            #expect(received == total)
            #expect(largestLead < 16 << 20)
        }
    }

    @Test func nothingIsReadWhileNobodyTakes() async throws {
        let sent = Locked(0)
        let isBlocked = Gate()
        try await withServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\nContent-Length: \(64 << 20)\r\n\r\n")
            let block = [UInt8](repeating: 7, count: 1 << 16)
            while exchange.send(block, within: 200) { sent.withLock { $0 += block.count } }
            isBlocked.open()
        }) { server, transport in
            let (_, stream) = try await open(transport, .get(server.port))
            await isBlocked.opened()
            // Loopback socket buffers take up to about 6 MB on both sides; ours is 256 kB and one read.
            #expect(sent.withLock { $0 } < 16 << 20)
            let pipe = try #require(stream as? CurlBodyStream).pipe
            #expect(pipe.outstanding >= BodyQueue<Never>.highWater)
            #expect(pipe.outstanding <= BodyQueue<Never>.highWater + 4 * 16 * 1024)
        }
    }

    @Test func aPausedStreamDoesNotHoldOthersUp() async throws {
        let body = String(repeating: "x", count: 2 << 20)
        try await withServer({ $0.respond($0.path == "/big" ? body : "small") }) { server, transport in
            let (_, stream) = try await open(transport, .get(server.port, "/big"))
            for _ in 0..<20 { #expect(try await transport.fetch(.get(server.port)).text == "small") }
            var received = 0
            while let chunk = try await stream.next() { received += chunk.count }
            #expect(received == body.utf8.count)
        }
    }

    @Test func silenceInTheBodyEndsTheStream() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            $0.hang()
        }) { server, transport in
            var request = WireRequest.get(server.port)
            request.idleReadTimeout = .milliseconds(40)
            let (_, stream) = try await open(transport, request)
            #expect(try await stream.next().map(String.init) == "first")
            for _ in 0..<2 {
                let error = await #expect(throws: TransportError.self) { try await stream.next() }
                #expect(error?.kind == .idleReadTimeout)
            }
        }
    }

    @Test func theDeadlineCoversTheHeadOnly() async throws {
        let mayGoOn = Gate()
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            mayGoOn.wait()
            $0.send("-next")
        }) { server, transport in
            var request = WireRequest.get(server.port)
            let deadline = SystemTime().now + .milliseconds(500)
            request.deadline = deadline
            let (_, stream) = try await open(transport, request)
            try await SystemTime().sleep(until: deadline + .milliseconds(5))
            mayGoOn.open()
            var text = ""
            while let chunk = try await stream.next() { text += String(chunk) }
            #expect(text == "first-next")
        }
    }

    @Test func aBodyThatIsCutOffFailsBehindWhatCame() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            $0.finish()
        }) { server, transport in
            let (_, stream) = try await open(transport, .get(server.port))
            #expect(try await stream.next().map(String.init) == "first")
            let error = await #expect(throws: TransportError.self) { try await stream.next() }
            #expect(error?.kind == .truncatedBody)
        }
    }

    @Test func lettingGoOfTheStreamReleasesTheConnection() async throws {
        let isGone = Gate()
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfirst")
            $0.hang()
            isGone.open()
        }) { server, transport in
            do { _ = try await open(transport, .get(server.port)) }
            await isGone.opened()
            while transport.counters.inFlight > 0 { await Task.yield() }
        }
    }

    @Test func cancellingTheConsumerEndsTheSend() async throws {
        let isGone = Gate()
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfirst")
            $0.hang()
            isGone.open()
        }) { server, transport in
            let (_, stream) = try await open(transport, .get(server.port))
            let isReading = Gate()
            let consumer = Task {
                _ = try await stream.next()
                isReading.open()
                _ = try await stream.next()
            }
            await isReading.opened()
            consumer.cancel()
            await expectCancelled { try await consumer.value }
            await isGone.opened()
            await expectCancelled { _ = try await stream.next() }
        }
    }

    @Test func aSecondConsumerIsRefused() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            $0.hang()
        }) { server, transport in
            let (_, stream) = try await open(transport, .get(server.port))
            let pipe = try #require(stream as? CurlBodyStream).pipe
            let first = Task { try await stream.next() }
            while !pipe.hasWaiter {
                try Task.checkCancellation()
                await Task.yield()
            }
            await #expect(throws: TransportError.self) { _ = try await stream.next() }
            stream.cancel()
            await expectCancelled { _ = try await first.value }
        }
    }
}
