import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("Cancellation and lifetime", .timeLimit(.minutes(1)))
struct LifetimeTests {
    @Test func aCancelledTaskSendsNothing() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let isCancelled = Gate()
            let task = Task {
                await isCancelled.opened()
                return try await transport.fetch(.get(server.port))
            }
            task.cancel()
            isCancelled.open()
            await expectCancelled { _ = try await task.value }
            #expect(server.requestCount == 0)
        }
    }

    /// A loop that had not run yet had nobody to tell of a cancel that came between the look at the task and its start:
    /// the send went on until its deadline. Building a large request makes that moment long enough to be met.
    @Test func aCancelBeforeTheLoopsFirstSendWins() async throws {
        let name = try #require(HTTPField.Name("X-Filler"))
        let filler = HTTPField(name: name, value: String(repeating: "x", count: 20_000))
        try await withServer({ $0.hang() }) { server, _ in
            for round in 0..<8 {
                let transport = CurlTransport()
                var request = WireRequest.get(server.port)
                for _ in 0..<50 { request.headers.append(filler) }
                // Only a bug waits for it; a busy machine may take its time.
                request.deadline = SystemTime().now + .seconds(40)
                let large = request
                let hasBegun = Gate()
                let task = Task {
                    hasBegun.open()
                    return try await transport.fetch(large)
                }
                await hasBegun.opened()
                try await SystemTime().sleep(until: SystemTime().now + .microseconds(250 * round))
                task.cancel()
                await expectCancelled { _ = try await task.value }
                await transport.shutdown()
            }
        }
    }

    @Test func aCancelThatOvertakesTheStartWins() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let request = WireRequest.get(server.port)
            _ = try await transport.fetch(request)
            let transfer = Transfer(
                request, block: try RequestBlock(request), mode: .streaming, submitted: SystemTime().now,
                transport: transport)
            let loop = try #require(transport.loops.first)
            loop.send(.cancel(transfer))
            await expectCancelled {
                _ = try await Reply<WireResponse>.wait { reply in
                    transfer.reply = reply
                    do throws(EventLoop.Refusal) {
                        try loop.start(transfer)
                    } catch {
                        Issue.record(error)
                    }
                }
            }
            #expect(server.requestCount == 1)
            #expect(transport.counters.inFlight == 0)
        }
    }

    @Test func cancelWhileConnecting() async throws {
        let listener = try FaultServer.start(.neverAccept)
        defer { listener.stop() }
        let transport = CurlTransport()
        let task = Task { try await transport.fetch(.get(listener.port)) }
        while transport.counters.connectionsOpened == 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
        task.cancel()
        await expectCancelled { _ = try await task.value }
        await transport.shutdown()
    }

    @Test(arguments: [BodyMode.streaming, .buffered(maxBytes: 1000)])
    func cancelWhileWaitingForTheHead(mode: BodyMode) async throws {
        let isThere = Gate()
        try await withServer({
            isThere.open()
            $0.hang()
        }) { server, transport in
            let task = Task { try await transport.send(.get(server.port), mode: mode) }
            await isThere.opened()
            task.cancel()
            await expectCancelled { _ = try await task.value }
            #expect(transport.counters.inFlight == 0)
        }
    }

    @Test func cancelInTheMiddleOfABufferedBody() async throws {
        let isThere = Gate()
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst")
            isThere.open()
            $0.hang()
        }) { server, transport in
            let task = Task { try await transport.fetch(.get(server.port)) }
            await isThere.opened()
            task.cancel()
            await expectCancelled { _ = try await task.value }
        }
    }

    @Test func cancelInTheGate() async throws {
        let isThere = Gate()
        let mayAnswer = Gate()
        try await withServer({
            isThere.open()
            mayAnswer.wait()
            $0.respond()
        }) {
            $0.maxConnectionsPerLoop = 1
        } _: { server, transport in
            let first = Task { try await transport.fetch(.get(server.port)) }
            await isThere.opened()
            let second = Task { try await transport.fetch(.get(server.port, "/second")) }
            while transport.counters.inFlight < 2 {
                try Task.checkCancellation()
                await Task.yield()
            }
            second.cancel()
            await expectCancelled { _ = try await second.value }
            mayAnswer.open()
            let answer = try await first.value
            #expect(answer.text == "hello")
            #expect(server.requestCount == 1)
        }
    }

    @Test func aStreamKeepsItsTransportAlive() async throws {
        let mayGoOn = Gate()
        let server = try RawServer {
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            mayGoOn.wait()
            $0.send("-next")
        }
        let response = try await CurlTransport().send(.get(server.port), mode: .streaming)
        mayGoOn.open()
        var text = ""
        while let chunk = try await response.stream?.next() { text += String(chunk) }
        #expect(text == "first-next")
        server.stop()
    }

    /// Behind the last answer a loop waits for a second, so that who starts something meanwhile need not wake it; then for longer.
    private static let lull = Duration.milliseconds(1300)

    @Test func anIdleLoopDoesNotWake() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            let time = SystemTime()
            try await time.sleep(until: time.now + Self.lull)
            let turns = transport.counters.turns
            try await time.sleep(until: time.now + .milliseconds(1500))
            #expect(transport.counters.turns == turns)
        }
    }

    @Test func whatASenderStartsIsTimedThoughTheLoopSleeps() async throws {
        try await withServer({ if $0.path == "/" { $0.respond() } else { $0.hang() } }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            let time = SystemTime()
            try await time.sleep(until: time.now + Self.lull)
            var request = WireRequest.get(server.port, "/silent")
            let begun = time.now
            request.deadline = begun + .milliseconds(100)
            #expect(await transport.failure(of: request)?.kind == .timeout)
            // It would have slept until the idle connection's age, for 50 s.
            #expect(time.now - begun < .seconds(20))
        }
    }

    @Test func connectionsThatStayIdleAreClosedWithoutARequest() async throws {
        let isGone = Gate()
        let server = try RawServer {
            $0.respond()
            $0.hang()
            isGone.open()
        }
        var configuration = CurlTransport.Configuration()
        configuration.idleConnectionAge = .milliseconds(100)
        let transport = CurlTransport(configuration)
        _ = try await transport.fetch(.get(server.port))
        await isGone.opened()
        while transport.counters.connectionsClosed == 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
        #expect(transport.counters.connectionsOpened == 1)
        #expect(try await transport.fetch(.get(server.port)).text == "hello")
        await transport.shutdown()
        server.stop()
    }
}
