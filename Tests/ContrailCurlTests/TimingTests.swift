import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("Where the time went", .timeLimit(.minutes(1)))
struct TimingTests {
    private func expectNoGap(_ summary: SendSummary) throws {
        let ended = try #require(summary.ended)
        let sum = summary.phases.reduce(Duration.zero) { $0 + $1.duration }
        #expect(sum == ended - summary.submitted)
        #expect(summary.phases.allSatisfy { $0.duration >= .zero })
    }

    @Test func theFirstSendHasConnectPhases() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let summary = try await transport.fetch(.get(server.port)).summary
            try expectNoGap(summary)
            #expect(summary.phases.map(\.phase) == [.queue, .dns, .connect, .wait, .receive])
            #expect(summary.wireSends == 1 && !summary.connectionReused)
            #expect(summary.peerAddress == "127.0.0.1" && summary.peerPort == server.port)
            let connected = try #require(summary.connected)
            #expect(connected >= (try #require(summary.connectStarted)))
            #expect(connected <= (try #require(summary.requestStarted)) + .milliseconds(1))
            #expect(summary.responseBodyBytes == 5)
        }
    }

    @Test func aReusedConnectionHasNone() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            let summary = try await transport.fetch(.get(server.port)).summary
            try expectNoGap(summary)
            #expect(summary.connectionReused)
            #expect(summary.phases.map(\.phase) == [.queue, .wait, .receive])
            #expect(summary.connectStarted == nil && summary.lookupStarted == nil)
            #expect(transport.counters.reusedSends == 1 && transport.counters.wireSends == 2)
            #expect(transport.counters.connectionsOpened == 1)
        }
    }

    @Test func sendingALargeBodyIsCalledSending() async throws {
        let source = ManualSource()
        try await withServer({ $0.respond() }) { server, transport in
            let answer = Task { try await transport.fetch(.upload(server.port, source.body())).summary }
            while server.connectionCount == 0 { await Task.yield() }
            let time = SystemTime()
            try await time.sleep(until: time.now + .milliseconds(30))
            source.bring("x")
            source.finish()
            let summary = try await answer.value
            try expectNoGap(summary)
            #expect(summary.phases.map(\.phase) == [.queue, .dns, .connect, .send, .wait, .receive])
            let send = try #require(summary.phases.first { $0.phase == .send })
            #expect(send.duration >= .milliseconds(20))
        }
    }

    @Test func anUploadThatIsCutOffWasSendingToTheEnd() async throws {
        try await withServer(readsBodies: false, { $0.hang() }) { server, transport in
            var request = WireRequest.upload(server.port, ManualSource().body())
            request.deadline = SystemTime().now + .milliseconds(30)
            let summary = try #require(await transport.failure(of: request)).summary
            try expectNoGap(summary)
            #expect(summary.phases.last?.phase == .send)
        }
    }

    @Test func waitingForThePeerIsCalledWaiting() async throws {
        let mayAnswer = Gate()
        let isThere = Gate()
        try await withServer({
            isThere.open()
            mayAnswer.wait()
            $0.respond()
        }) { server, transport in
            let answer = Task { try await transport.fetch(.get(server.port)).summary }
            await isThere.opened()
            let time = SystemTime()
            try await time.sleep(until: time.now + .milliseconds(30))
            mayAnswer.open()
            let summary = try await answer.value
            try expectNoGap(summary)
            let wait = try #require(summary.phases.first { $0.phase == .wait })
            #expect(wait.duration >= .milliseconds(29))
        }
    }

    @Test func failuresAreAccountedForToo() async throws {
        try await withServer({ $0.hang() }) { server, transport in
            var request = WireRequest.get(server.port)
            request.deadline = SystemTime().now + .milliseconds(20)
            try expectNoGap(try #require(await transport.failure(of: request)).summary)
            request.deadline = SystemTime().now
            let late = try #require(await transport.failure(of: request)).summary
            try expectNoGap(late)
            #expect(late.wireSends == 0)
        }
    }

    @Test func aStreamIsAccountedForWhenItHasEnded() async throws {
        try await withServer({ $0.respond(String(repeating: "x", count: 1 << 20)) }) { server, transport in
            let response = try await transport.send(.get(server.port), mode: .streaming)
            let stream = try #require(response.stream)
            while try await stream.next() != nil {}
            try expectNoGap(stream.summary)
            #expect(stream.summary.responseBodyBytes == 1 << 20)
        }
    }
}
