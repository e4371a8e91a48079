import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Synchronization
import Testing

@testable import ContrailCurl

/// Which sends go out on their sender's own thread.
@Suite("Senders' turns", .timeLimit(.minutes(1)))
struct SenderTurnTests {
    private func startedBySenders(_ transport: CurlTransport) -> UInt64 {
        transport.loops.reduce(0) { $0 + $1.counters.startedBySenders.load(ordering: .relaxed) }
    }

    @Test(.enabled(if: PollerKind.allCases[0].letsOthersTakeTurns))
    func aLoneSendOnAnOpenConnectionIsStartedByItsSender() async throws {
        try await withServer({ $0.respond() }, configure: { $0.poller = PollerKind.allCases[0] }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            #expect(startedBySenders(transport) == 0)
            // The loop may not have come to its wait yet.
            while startedBySenders(transport) == 0 {
                try Task.checkCancellation()
                #expect(try await transport.fetch(.get(server.port)).text == "hello")
            }
            #expect(server.connectionCount == 1)
            #expect(transport.statistics.inFlight == 0)
        }
    }

    /// Its head, its body and its end come in one turn, and are one task's.
    @Test(.enabled(if: PollerKind.allCases[0].letsOthersTakeTurns))
    func soIsALoneStream() async throws {
        try await withServer({ $0.respond() }, configure: { $0.poller = PollerKind.allCases[0] }) { server, transport in
            while startedBySenders(transport) < 3 {
                try Task.checkCancellation()
                let stream = try await transport.send(.get(server.port), mode: .streaming).stream
                var text = ""
                while let chunk = try await stream?.next() { text += String(chunk) }
                #expect(text == "hello")
            }
        }
    }

    /// A look-up may start a thread, and a connection takes its time.
    @Test func anotherOriginIsTheLoops() async throws {
        let other = try RawServer { $0.respond() }
        defer { other.stop() }
        try await withServer({ $0.respond() }) { server, transport in
            for _ in 0..<20 {
                _ = try await transport.fetch(.get(server.port))
                _ = try await transport.fetch(.get(other.port))
            }
            #expect(startedBySenders(transport) == 0)
        }
    }

    @Test func aPollerWhoseWaitIsLibcurlsIsLeftAlone() async throws {
        try await withServer({ $0.respond() }, configure: { $0.poller = .portable }) { server, transport in
            for _ in 0..<30 { _ = try await transport.fetch(.get(server.port)) }
            #expect(startedBySenders(transport) == 0)
        }
    }

    @Test(arguments: [("http", 0, true), ("http", 100, true), ("https", 0, false), ("http", 200_000, false)])
    func whatTakesItsTimeOrIsEncryptedIsTheLoops(scheme: String, bodyBytes: Int, suits: Bool) throws {
        let body = bodyBytes == 0 ? nil : WireBody(ByteChunk([UInt8](repeating: 1, count: bodyBytes)))
        let request = WireRequest(method: .post, url: try RequestURL("\(scheme)://localhost/"), body: body)
        let transfer = Transfer(
            request, block: try RequestBlock(request), mode: .streaming, submitted: SystemTime().now,
            transport: CurlTransport())
        #expect(transfer.suitsItsSendersThread == suits)
    }

    /// Senders, the loop's thread and cancels meet in all orders; each send has one end.
    @Test(arguments: [1, 2, 3]) func whoeverStartsThemAllEnd(tasks: Int) async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let ends = await withTaskGroup(of: Int.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        var ends = 0
                        for index in 0..<300 {
                            let send = Task { try await transport.fetch(.get(server.port)).text }
                            if (index + task) % 7 == 0 { send.cancel() }
                            let text = try? await send.value
                            if text == nil || text == "hello" { ends += 1 }
                        }
                        return ends
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(ends == tasks * 300)
            while transport.counters.inFlight > 0 { await Task.yield() }
            await transport.shutdown()
            #expect(await transport.failure(of: .get(server.port))?.kind == .shutDown)
        }
    }
}
