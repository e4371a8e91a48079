import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// Bodies as lines, values, events and whole, through the pipeline.
@Suite(.timeLimit(.minutes(1))) struct BodyReadingTests {
    private struct Item: Decodable, Hashable {
        var n: Int
    }

    private func pipeline(
        _ transport: ScriptedTransport, _ change: (inout PipelineSettings) -> Void = { _ in }
    ) -> CallPipeline {
        var settings = PipelineSettings()
        settings.limits.maxTotal = 1
        settings.limits.maxQueued = 0
        change(&settings)
        return CallPipeline(settings: settings, transport: transport)
    }

    private func open(_ body: ScriptedBody, status: Int = 200) async throws -> HTTPCall.StreamedResponse {
        try await pipeline(ScriptedTransport(.stream(status, body))).stream(.get("http://a.test/x?token=1"))
    }

    private func error(of operation: () async throws -> some Sendable) async -> ClientError? {
        do {
            _ = try await operation()
            return nil
        } catch {
            return error as? ClientError
        }
    }

    private func all<Items: AsyncSequence & Sendable>(_ items: Items) async throws -> [Items.Element] {
        var all: [Items.Element] = []
        for try await item in items { all.append(item) }
        return all
    }

    // MARK: Whole

    @Test func textAndJSON() async throws {
        #expect(try await open(ScriptedBody("hel", "lo")).body.text() == "hello")
        #expect(try await open(ScriptedBody(#"{"n""#, ":7}")).body.json(Item.self) == Item(n: 7))
        let failure = await error { try await open(ScriptedBody("[")).body.json(Item.self) }
        #expect(failure?.code == .decoding)
        #expect(failure?.cause is DecodingError)
        #expect(failure?.target == "GET http://a.test/x")
    }

    @Test func collectStopsAtTheRequestsLimit() async throws {
        let transport = ScriptedTransport(.stream(200, ScriptedBody("12345", "67890")))
        var request = HTTPCall.Request.get("http://a.test")
        request.maxResponseBytes = 9
        let response = try await pipeline(transport).stream(request)
        #expect(await error { try await response.body.collect() }?.code == .transport(.bodyTooLarge))
    }

    @Test func collectStopsAtTheClientsLimit() async throws {
        let transport = ScriptedTransport(.stream(200, ScriptedBody("12345", "67890")))
        let response = try await pipeline(transport) { $0.maxResponseBytes = 9 }.stream(.get("http://a.test"))
        #expect(await error { try await response.body.collect() }?.code == .transport(.bodyTooLarge))
    }

    // MARK: Lines

    @Test func linesComeAsTheyAreComplete() async throws {
        let body = ScriptedBody([ByteChunk("a\nb".utf8), ByteChunk([0xC3]), ByteChunk([0xA4, 0x0D])], then: .silence)
        let response = try await open(body)
        var lines = response.body.lines.makeAsyncIterator()
        #expect(try await lines.next() == "a")
        #expect(body.remainingChunks == 2)
        #expect(try await lines.next() == "bä")
    }

    @Test func aBodyThatBreaksOffFailsBehindItsLines() async throws {
        let response = try await open(ScriptedBody("a\nb", then: .failure(.truncatedBody)))
        var lines = response.body.lines.makeAsyncIterator()
        #expect(try await lines.next() == "a")
        // Half a line is not taken for a whole one.
        #expect(await error { try await lines.next() }?.code == .transport(.truncatedBody))
    }

    @Test func aLineThatIsTooLongEndsTheBody() async throws {
        let body = ScriptedBody("ok\n", "12345", "67890", then: .silence)
        let response = try await open(body)
        let failure = await error { try await all(response.body.lines(maxBytes: 7)) }
        #expect(failure?.code == .lineTooLong)
        #expect(failure?.line == 2)
        #expect(body.isCancelled)
    }

    // MARK: Values

    @Test func aValuePerLine() async throws {
        let body = ScriptedBody("{\"n\":1}\r\n\n", " \r\n{\"n\"", ":2}\n{\"n\":3}")
        #expect(try await all(open(body).body.ndjson(Item.self)) == [Item(n: 1), Item(n: 2), Item(n: 3)])
    }

    @Test func aBadLineIsNamed() async throws {
        let body = ScriptedBody("{\"n\":1}\n\n{\"m\":2}\n", then: .silence)
        let response = try await open(body)
        var values = response.body.ndjson(Item.self).makeAsyncIterator()
        #expect(try await values.next() == Item(n: 1))
        let failure = await error { try await values.next() }
        #expect(failure?.code == .decoding)
        #expect(failure?.line == 3)
        #expect(failure?.cause is DecodingError)
        #expect(body.isCancelled)
    }

    @Test func aValueIsBounded() async throws {
        let response = try await open(
            ScriptedBody("{\"n\":", String(repeating: " ", count: 50), "1}\n", then: .silence))
        let failure = await error { try await all(response.body.ndjson(Item.self, maxLineBytes: 20)) }
        #expect(failure?.code == .lineTooLong)
    }

    // MARK: Events

    @Test func eventsAndWhereToGoOn() async throws {
        let response = try await open(ScriptedBody("retry: 5\nid: 1\nda", "ta: a\n\nevent: x\ndata: b\n\ndata: cut"))
        var events = response.body.serverSentEvents.makeAsyncIterator()
        #expect(try await events.next()?.data == "a")
        #expect(try await events.next()?.event == "x")
        #expect(try await events.next() == nil)
        #expect(events.lastEventID == "1")
        #expect(events.reconnectionTime == .milliseconds(5))
    }

    @Test func anEventThatIsTooLargeEndsTheBody() async throws {
        let body = ScriptedBody("data: 12345\n", "data: 67890\n", "\n", then: .silence)
        let response = try await open(body)
        let failure = await error { try await all(response.body.serverSentEvents(maxEventBytes: 11)) }
        #expect(failure?.code == .eventTooLarge)
        #expect(body.isCancelled)
    }

    // MARK: The response

    @Test func validateStatusGivesTheBodyUp() async throws {
        let body = ScriptedBody("no", then: .silence)
        let response = try await open(body, status: 404)
        #expect(throws: ClientError.self) { try response.validateStatus() }
        #expect(body.isCancelled)
        let good = try await open(ScriptedBody("yes"))
        #expect(try await good.validateStatus().body.text() == "yes")
    }

    @Test func attemptsGrowUntilTheBodyIsOver() async throws {
        let transport = ScriptedTransport(
            .status(302, headers: [.location: "/2"]), .stream(200, ScriptedBody("there")))
        let response = try await pipeline(transport).stream(.get("http://a.test"))
        #expect(response.attempts.map(\.statusCode) == [302])
        _ = try await response.body.collect()
        #expect(response.attempts.map(\.statusCode) == [302, 200])
    }

    // MARK: The scope

    @Test func theScopeGivesEverythingBack() async throws {
        struct Mine: Error {}
        let bodies = [ScriptedBody("1", then: .silence), ScriptedBody("2", then: .silence), ScriptedBody("3")]
        let transport = ScriptedTransport(.stream(200, bodies[0]), .stream(200, bodies[1]), .stream(200, bodies[2]))
        let pipeline = pipeline(transport)
        // Also from those who keep the body.
        let escaped = try await pipeline.withStream(.get("http://a.test")) { _, body in body }
        await #expect(throws: Mine.self) {
            try await pipeline.withStream(.get("http://a.test")) { _, body in
                var chunks = body.makeAsyncIterator()
                _ = try await chunks.next()
                throw Mine()
            }
        }
        // The only permit is back both times.
        #expect(try await pipeline.withStream(.get("http://a.test")) { _, body in try await body.text() } == "3")
        #expect(bodies[0].isCancelled && bodies[1].isCancelled)
        withExtendedLifetime(escaped) {}
    }

    @Test(arguments: [true, false])
    func aBodyThatGotOutIsOfNoUse(isStreamed: Bool) async throws {
        let transport = ScriptedTransport(
            isStreamed ? .stream(200, ScriptedBody("1", "2", then: .silence)) : .status(200, body: "12"))
        let escaped = try await pipeline(transport).withStream(.get("http://a.test")) { _, body in body }
        #expect(await error { try await escaped.collect() }?.code == .bodyOutOfScope)
    }
}
