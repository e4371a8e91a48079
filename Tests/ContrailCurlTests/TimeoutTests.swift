import ContrailBase
import ContrailCore
import ContrailTestSupport
import Glibc
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("Timeouts", .timeLimit(.minutes(1)))
struct TimeoutTests {
    @Test func aSilentPeerEndsAtTheHeadTimeout() async throws {
        try await withServer({ $0.hang() }) { server, transport in
            var request = WireRequest.get(server.port)
            request.timeToHeadTimeout = .milliseconds(40)
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .headTimeout)
            #expect(failure.phase == .wait)
            #expect(failure.summary.wireSends == 1)
        }
    }

    @Test func aHeadThatDripsEndsAtTheHeadTimeout() async throws {
        try await withServer({ exchange in
            exchange.send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n")
            exchange.hang()
        }) { server, transport in
            var request = WireRequest.get(server.port)
            request.timeToHeadTimeout = .milliseconds(60)
            request.idleReadTimeout = .milliseconds(1)
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .headTimeout)
            #expect(failure.phase == .receive)
        }
    }

    @Test func silenceInABufferedBodyEndsTheSend() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            $0.hang()
        }) { server, transport in
            var request = WireRequest.get(server.port)
            request.idleReadTimeout = .milliseconds(40)
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .idleReadTimeout)
            #expect(failure.phase == .receive)
            #expect(failure.summary.responseBodyBytes == 5)
        }
    }

    @Test func silenceIsCountedFromTheLastByte() async throws {
        let sentAt = Locked(MonotonicInstant(nanoseconds: 0))
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            usleep(200_000)
            sentAt.withLock { $0 = SystemTime().now }
            $0.send("x")
            $0.hang()
        }) { server, transport in
            var request = WireRequest.get(server.port)
            request.idleReadTimeout = .seconds(1)
            // On a machine that is very busy the server's pause may become longer than the limit; then once more.
            for _ in 0..<5 {
                let summary = try #require(await transport.failure(of: request)).summary
                guard summary.responseBodyBytes == 1 else { continue }
                let due = sentAt.withLock { $0 } + .seconds(1)
                #expect(try #require(summary.ended) >= due)
                return
            }
            Issue.record("the server was never in time")
        }
    }

    @Test func aPauseOfTheConsumerIsNotSilenceOfThePeer() async throws {
        let total = 4 << 20
        try await withServer({ $0.respond(String(repeating: "x", count: total)) }) { server, transport in
            var request = WireRequest.get(server.port)
            request.idleReadTimeout = .milliseconds(100)
            let stream = try #require(try await transport.send(request, mode: .streaming).stream)
            var received = try #require(try await stream.next()).count
            let clock = SystemTime()
            try await clock.sleep(until: clock.now + .milliseconds(350))
            while let chunk = try await stream.next() { received += chunk.count }
            #expect(received == total)
        }
    }

    @Test func connectingSaysThatItWasConnecting() async throws {
        let listener = try FaultServer.start(.neverAccept)
        defer { listener.stop() }
        let transport = CurlTransport()
        var request = WireRequest.get(listener.port)
        request.connectTimeout = .milliseconds(60)
        let failure = try #require(await transport.failure(of: request))
        #expect(failure.kind == .connectTimeout)
        #expect(failure.phase == .connect)
        await transport.shutdown()
    }

    @Test func aHandshakeThatHangsSaysThatItWasTheHandshake() async throws {
        // The server takes the ClientHello for the beginning of a request and waits for more.
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest(method: .get, url: .local(server.port, scheme: .https))
            request.connectTimeout = .milliseconds(150)
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .connectTimeout)
            #expect(failure.phase == .tls)
            #expect(failure.summary.phases.map(\.phase) == [.queue, .dns, .connect, .tls])
            #expect(failure.summary.wireSends == 0)
        }
    }

    @Test func anAttemptThatTakesTooLongSaysWhereItWas() async throws {
        try await withServer({
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
            $0.hang()
        }) { server, transport in
            var request = WireRequest.get(server.port)
            request.deadline = SystemTime().now + .milliseconds(300)
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .timeout)
            #expect(failure.phase == .receive)
            request.deadline = SystemTime().now
            #expect(await transport.failure(of: request)?.phase == .queue)
        }
    }

    enum Limit: String, CaseIterable {
        case deadline
        case timeToHead
        case idleRead
        case connect
    }

    /// How late each limit ends a send. The figures are printed; the bound is for a machine that is busy otherwise.
    @Test(arguments: Limit.allCases)
    func limitsAreMetPunctually(limit: Limit) async throws {
        let listener = try FaultServer.start(.neverAccept)
        defer { listener.stop() }
        try await withServer({
            if limit == .idleRead { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") }
            $0.hang()
        }) { server, transport in
            var late: [Duration] = []
            for _ in 0..<15 {
                late.append(try await overshoot(of: limit, limit == .connect ? listener.port : server.port, transport))
            }
            let median = late.sorted()[late.count / 2]
            print("overshoot of \(limit.rawValue): median \(median), largest \(late.max() ?? .zero)")
            #expect(late.allSatisfy { $0 >= .zero })
            #expect(median < .milliseconds(250))
        }
    }

    private func overshoot(of limit: Limit, _ port: Int, _ transport: CurlTransport) async throws -> Duration {
        let allowed = Duration.milliseconds(30)
        var request = WireRequest.get(port)
        let deadline = SystemTime().now + allowed
        switch limit {
        case .deadline: request.deadline = deadline
        case .timeToHead: request.timeToHeadTimeout = allowed
        case .idleRead: request.idleReadTimeout = allowed
        case .connect: request.connectTimeout = allowed
        }
        let summary = try #require(await transport.failure(of: request)).summary
        let due: MonotonicInstant? =
            switch limit {
            case .deadline: deadline
            case .timeToHead: summary.requestStarted.map { $0 + allowed }
            case .idleRead: summary.headCompleted.map { $0 + allowed }
            case .connect: summary.started.map { $0 + allowed }
            }
        return try #require(summary.ended) - (try #require(due))
    }
}
