import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

/// What the server puts on the wire and into its record, asked by hand, without the client that it is meant to test.
@Suite(.timeLimit(.minutes(1))) struct FaultServerTests {
    private func get(_ path: String = "/", close: Bool = true) -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\n" + (close ? "Connection: close\r\n" : "") + "\r\n"
    }

    private func ask(_ server: FaultServer, _ text: String) async throws -> String {
        try await PlainClient(port: server.port).text(text)
    }

    private func statuses(_ text: String) -> [String] {
        text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
    }

    private func expect(
        _ expected: [String], to text: String, from server: FaultServer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await ask(server, text)
        #expect(statuses(answer) == expected, sourceLocation: sourceLocation)
    }

    // MARK: Answers

    @Test func answersEveryRequestOfAConnection() async throws {
        try await withFaultServer(.sequence(.ok("one"), .steps(.respond(404), .close))) { server in
            let text = try await ask(server, get(close: false) + get())
            #expect(statuses(text) == ["200", "404"])
            #expect(text.contains("\r\n\r\none"))
            #expect(server.requests.map(\.numberOnConnection) == [1, 2])
            #expect(server.record.connectionCount == 1)
        }
    }

    @Test func pathsHaveTheirOwnPlans() async throws {
        try await withFaultServer(.steps(.respond(404), .close)) { server in
            server.on("/a", .steps(.respond(201), .close))
            try await expect(["201"], to: get("/a?x=1"), from: server)
            try await expect(["404"], to: get("/b"), from: server)
            server.otherwise(.steps(.respond(202), .close))
            try await expect(["202"], to: get("/b"), from: server)
            #expect(server.count(of: "/a") == 1)
            #expect(server.count(of: "/b") == 2)
        }
    }

    @Test func statusesComeInARowAndTheLastStays() async throws {
        try await withFaultServer(.statuses([503, 503, 200])) { server in
            let three = String(repeating: get(close: false), count: 3)
            try await expect(["503", "503", "200", "200"], to: three + get(), from: server)
        }
    }

    @Test func aRateLimitSaysHowLongToWait() async throws {
        try await withFaultServer(.sequence(.rateLimited(retryAfter: .milliseconds(1500)), .closeUnanswered)) {
            server in
            let text = try await ask(server, get(close: false) + get())
            #expect(statuses(text) == ["429"])
            for line in ["Retry-After: 2", "retry-after-ms: 1500", "x-ratelimit-reset-requests: 1500ms"] {
                #expect(text.contains("\(line)\r\n"))
            }
        }
    }

    // MARK: The record

    @Test func aBodyIsRecordedWithoutItsFraming() async throws {
        try await withFaultServer(.steps(.respond(), .close)) { server in
            let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            _ = try await ask(server, head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            let request = try #require(server.requests.first)
            #expect(request.text == "abcde")
            #expect(request.bodyBytes == 5)
            #expect(request.isComplete)
            #expect(request.head == head)
            #expect(request.method == "POST")
            #expect(request.headers[.transferEncoding] == "chunked")
        }
    }

    @Test func whatCameOfABrokenUploadIsRecordedAsSuch() async throws {
        try await withFaultServer(.closeWhileUploadPaused) { server in
            let answer = try await ask(server, "PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
            #expect(answer.isEmpty)
            let request = try #require(server.requests.first)
            #expect(request.text == "abc")
            #expect(!request.isComplete)
        }
    }

    @Test func anUnreadBodyDoesNotSpoilTheNextRequest() async throws {
        try await withFaultServer(
            .sequence(.stepsAfterHead(.respond(413)), .steps(.respond(200), .close))
        ) { server in
            let text = try await ask(server, "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + get())
            #expect(statuses(text) == ["413", "200"])
            #expect(server.requests.map(\.text) == ["abc", ""])
        }
    }

    @Test func expectingClientsAreToldToContinue() async throws {
        try await withFaultServer(.steps(.respond(), .close)) { server in
            let text = try await ask(
                server, "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx")
            #expect(statuses(text) == ["100", "200"])
        }
    }

    @Test func aRequestThatContradictsItselfIsRefusedAndRecorded() async throws {
        try await withFaultServer { server in
            try await expect(["400"], to: "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", from: server)
            #expect(server.requests.count == 1)
        }
    }

    // MARK: Faults, to the byte

    @Test func tlsAlertAnswersWhateverComes() async throws {
        try await withFaultServer(.tlsAlert) { server in
            let bytes = try await PlainClient(port: server.port).bytes(Array("hello".utf8), closesSending: true)
            #expect(bytes == [21, 3, 3, 0, 2, 2, 40])
            #expect(server.record.requestCount == 0)
        }
    }

    @Test func staleKeepAliveAnswersOncePerConnection() async throws {
        try await withFaultServer(.staleKeepAlive) { server in
            for _ in 0..<2 {
                try await expect(["200"], to: get(close: false) + get(), from: server)
            }
            #expect(server.record.requestCount == 4)
        }
    }

    @Test func refusedMeansThatThereIsNoConnection() async throws {
        try await withFaultServer(.refuse) { server in
            await #expect(throws: (any Error).self) { try await ask(server, get()) }
            #expect(server.record.connectionCount == 0)
        }
    }

    @Test func tooManyConnectionsAreTurnedAway() async throws {
        var configuration = FaultServer.Configuration()
        configuration.maxConnections = 1
        let gate = FaultServer.Gate()
        try await withFaultServer(.steps(.wait(for: gate), .respond(), .close), configuration: configuration) {
            server in
            let first = Task { try await ask(server, get()) }
            try await server.waitForRequests(1)
            try await expect([], to: get(), from: server)
            #expect(server.record.turnedAwayCount == 1)
            gate.open()
            let text = try await first.value
            #expect(statuses(text) == ["200"])
        }
    }

    // MARK: Waiting

    @Test func aGateHoldsTheAnswerUntilItOpens() async throws {
        let gate = FaultServer.Gate()
        try await withFaultServer(.sequence(.ok("late", when: gate), .closeUnanswered)) { server in
            let answer = Task { try await ask(server, get(close: false) + get()) }
            try await server.waitForRequests(1)
            gate.open()
            let text = try await answer.value
            #expect(text.contains("late"))
        }
    }

    @Test func waitingEndsWithTheServer() async throws {
        let server = try FaultServer.start()
        let waiting = Task { try await server.waitForRequests(1) }
        server.stop()
        await #expect(throws: FaultServerError.stopped) { try await waiting.value }
    }

    @Test func waitingEndsWithItsTime() async throws {
        try await withFaultServer { server in
            await #expect(throws: FaultServerError.timeout) {
                try await server.waitForRequests(1, timeout: .milliseconds(1))
            }
        }
    }

    @Test func aClientThatLeavesIsNoticed() async throws {
        try await withFaultServer(.steps(.send("HTTP/1.1 200 OK\r\n\r\n"), .wait(.seconds(3600)))) { server in
            _ = try await PlainClient(port: server.port).bytes(Array(get().utf8), closesSending: true)
            try await server.wait { $0.openConnectionCount == 0 && $0.connectionCount == 1 }
        }
    }
}
