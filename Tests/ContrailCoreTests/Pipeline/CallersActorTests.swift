import ContrailBase
import ContrailTesting
import Dispatch
import HTTPTypes
import Testing

@testable import ContrailCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What an actor calls, the main actor say, runs on it: going elsewhere and coming back costs two changes of thread, for
/// every element of a loop.
@Suite(.timeLimit(.minutes(1))) struct CallersActorTests {
    private func pipeline(
        _ transport: ScriptedTransport, _ change: (inout PipelineSettings) -> Void = { _ in }
    ) -> CallPipeline {
        var settings = PipelineSettings()
        change(&settings)
        return CallPipeline(settings: settings, transport: transport)
    }

    private func departures(_ operation: @escaping @Sendable (isolated HomeActor) async throws -> Void) async throws
        -> Int
    {
        try await HomeActor().departures(of: operation)
    }

    @concurrent private static func elsewhere() async { sched_yield() }

    /// Control: that going elsewhere is seen.
    @Test func aDepartureIsCounted() async throws {
        let count = try await departures { _ in for _ in 0..<3 { await Self.elsewhere() } }
        #expect(count == 3)
    }

    /// What one wait counts for: its task is woken through the executor that is counted.
    private static let wait = 1

    @Test func aWaitCountsAsOne() async throws {
        let count = try await departures { _ in
            await withCheckedContinuation { waiter in DispatchQueue.global().async { waiter.resume() } }
        }
        #expect(count <= Self.wait)
    }

    @Test func aCallStays() async throws {
        let pipeline = pipeline(ScriptedTransport())
        let count = try await departures { _ in _ = try await pipeline.execute(.get("http://a.test/")) }
        #expect(count == 0)
    }

    @Test func aCallThatIsRedirectedStays() async throws {
        let transport = ScriptedTransport(.status(307, headers: [.location: "/b"]), .status(200))
        let pipeline = pipeline(transport)
        let count = try await departures { _ in _ = try await pipeline.execute(.get("http://a.test/")) }
        #expect(count == 0)
        #expect(transport.requestCount == 2)
    }

    @Test func aCallThatWaitsForAPermitStays() async throws {
        let time = ManualTime()
        let pipeline = pipeline(ScriptedTransport(.silence, .status(200), time: time)) {
            $0.time = time
            $0.limits.maxTotal = 1
        }
        let first = Task { try await pipeline.execute(.get("http://a.test/")) }
        try await time.waitForSleepers(1)
        async let count = departures { _ in _ = try await pipeline.execute(.get("http://a.test/")) }
        while pipeline.waitingCount == 0 { await Task.yield() }
        first.cancel()
        let departures = try await count
        #expect(departures <= Self.wait)
    }

    @Test func aCallThatWaitsForATokenStays() async throws {
        let time = ManualTime()
        let pipeline = pipeline(ScriptedTransport()) {
            $0.time = time
            $0.rateLimits = RateLimits(RateLimit(1, per: .seconds(1)))
        }
        _ = try await pipeline.execute(.get("http://a.test/"))
        async let count = departures { _ in _ = try await pipeline.execute(.get("http://a.test/")) }
        try await time.waitForSleepers(1)
        time.advance(by: .seconds(2))
        let departures = try await count
        #expect(departures <= Self.wait)
    }

    /// The source stays open: that nothing follows would be a second thing to wait for.
    @Test func resultsThatAreThereAreTakenWithoutLeaving() async throws {
        let pipeline = pipeline(ScriptedTransport())
        let requests = AsyncStream.makeStream(of: HTTPCall.Request.self)
        for number in 0..<20 { requests.continuation.yield(.get("http://a.test/\(number)")) }
        let count = try await departures { _ in
            let sequence = pipeline.gather(requests.stream, .collect)
            var taken = 0
            for try await _ in sequence {
                while sequence.gathering.progress.done < 20 { sched_yield() }
                taken += 1
                if taken == 20 { break }
            }
        }
        #expect(count <= Self.wait)
    }

    private func body(_ text: String) async throws -> HTTPCall.BodyStream {
        let body = ScriptedBody(String(text.prefix(text.count / 2)), String(text.suffix(text.count - text.count / 2)))
        return try await pipeline(ScriptedTransport(.stream(200, body))).stream(.get("http://a.test/")).body
    }

    private struct Item: Decodable {}

    @Test func aBodyIsReadWithoutLeaving() async throws {
        let (chunks, lines) = (try await body("abcd"), try await body("a\nb\nc\nd\n"))
        let (values, events) = (try await body("{}\n{}\n{}\n"), try await body("data: a\n\ndata: b\n\n"))
        let counts = [
            try await departures { _ in for try await _ in chunks {} },
            try await departures { _ in for try await _ in lines.lines {} },
            try await departures { _ in for try await _ in values.ndjson(Item.self) {} },
            try await departures { _ in for try await _ in events.serverSentEvents {} },
        ]
        #expect(counts == [0, 0, 0, 0])
    }

    @Test func pagesAreReadWithoutLeaving() async throws {
        let link = try #require(HTTPField.Name("link"))
        let transport = ScriptedTransport(.status(200, headers: [link: "</2>; rel=next"]), .status(200))
        let pages = pipeline(transport).pages(from: .get("http://a.test/1"), maxPages: 9, next: nil)
        let count = try await departures { _ in for try await _ in pages {} }
        #expect(count == 0)
        #expect(transport.requestCount == 2)
    }
}
