import ContrailBase
import ContrailCore
import ContrailTestSupport
import Testing

@testable import ContrailCurl

@Suite("The pool", .timeLimit(.minutes(1)))
struct PoolTests {
    private func waitUntilIdle(_ transport: CurlTransport) async throws {
        while transport.counters.inFlight > 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func statisticsTellConnectionsAndSends() async throws {
        let mayAnswer = Gate()
        let isThere = Gate()
        try await withServer({
            if $0.path == "/slow" {
                isThere.open()
                mayAnswer.wait()
            }
            $0.respond()
        }) { server, transport in
            for _ in 0..<3 { _ = try await transport.fetch(.get(server.port)) }
            try await waitUntilIdle(transport)
            var expected = PoolStatistics()
            expected.open = 1
            expected.idle = 1
            expected.opened = 1
            expected.sends = 3
            expected.reused = 2
            #expect(transport.statistics == expected)
            let slow = Task { try await transport.fetch(.get(server.port, "/slow")) }
            await isThere.opened()
            #expect(transport.statistics.inFlight == 1 && transport.statistics.idle == 0)
            mayAnswer.open()
            _ = try await slow.value
            await transport.shutdown()
            #expect(transport.statistics.inFlight == 0)
        }
    }

    @Test func sendsThatWaitForTheFirstConnectionAreCounted() async throws {
        let listener = try FaultServer.start(.neverAccept)
        defer { listener.stop() }
        let transport = CurlTransport()
        let sends = (0..<5).map { _ in
            Task {
                var request = WireRequest.get(listener.port)
                // They are cancelled long before.
                request.connectTimeout = .seconds(300)
                return await transport.failure(of: request)
            }
        }
        while transport.statistics.waiting < 4 {
            try Task.checkCancellation()
            await Task.yield()
        }
        #expect(transport.statistics.inFlight == 5)
        for send in sends { send.cancel() }
        for send in sends { #expect(await send.value?.kind == .cancelled) }
        #expect(transport.statistics.waiting == 0)
        await transport.shutdown()
    }

    enum Age: CaseIterable { case idle, lifetime, young }

    @Test(arguments: Age.allCases)
    func aConnectionIsNotUsedBeyondItsAge(age: Age) async throws {
        try await withServer({ $0.respond() }) {
            // libcurl counts whole seconds, and closes what is older than so many.
            switch age {
            case .idle: $0.idleConnectionAge = .seconds(1)
            case .lifetime: $0.maxConnectionLifetime = .seconds(1)
            case .young: break
            }
        } _: { server, transport in
            let clock = SystemTime()
            _ = try await transport.fetch(.get(server.port))
            try await clock.sleep(until: clock.now + .milliseconds(2100))
            #expect(try await transport.fetch(.get(server.port)).summary.connectionReused == (age == .young))
        }
    }

    @Test func aNewConnectionIsOpenedWhenAskedForAndKept() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.get(server.port)
            request.needsNewConnection = true
            for _ in 0..<3 { _ = try await transport.fetch(request) }
            #expect(server.connectionCount == 3)
            #expect(transport.statistics.idle == 3)
            #expect(try await transport.fetch(.get(server.port)).summary.connectionReused)
        }
    }
}
