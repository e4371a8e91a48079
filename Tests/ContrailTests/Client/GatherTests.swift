import Contrail
import ContrailBase
import ContrailTestSupport
import ContrailTesting
import HTTPTypes
import Testing
import Tracing

/// The face of gathering: what callers write.
@Suite(.timeLimit(.minutes(1))) struct GatherTests {
    private func client(_ transport: ScriptedTransport) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.tracing.detail = .off
        configuration.retry = .never
        return try HTTPClient(configuration: configuration, transport: transport)
    }

    @Test func takesArraysLazySequencesAndAsyncSequences() async throws {
        let client = try client(ScriptedTransport())
        let urls = (0..<10).map { "http://a.test/\($0)" }
        var done = 0
        for try await item in client.fetchEach(urls.map { .get($0) }) { done += try item.get().status == .ok ? 1 : 0 }
        for try await item in client.fetchEach(urls.lazy.map { .get($0) }) { done += item.response == nil ? 0 : 1 }
        let stream = AsyncStream<HTTPClient.Request> { continuation in
            for url in urls { continuation.yield(.get(url)) }
            continuation.finish()
        }
        for try await item in client.fetchEach(stream) { done += item.attempts.count }
        #expect(done == 30)
    }

    @Test func fetchAllCanStopEarly() async throws {
        let transport = ScriptedTransport(.status(500))
        var options = HTTPClient.GatherOptions.failFast
        options.validStatus = 200..<300
        options.window = 1
        let client = try client(transport)
        let results = await client.fetchAll((0..<20).map { .get("http://a.test/\($0)") }, options)
        #expect(results.count == 20 && results.failures.count == 20)
        #expect(transport.requestCount == 1)
    }

    @Test func sendsBatchesAndHandsFailedOnesBack() async throws {
        let transport = ScriptedTransport(.status(200), .status(500), .status(200))
        let client = try client(transport)
        var options = HTTPClient.GatherOptions()
        options.validStatus = 200..<300
        options.window = 1
        var failed: [HTTPClient.Batch<Int>] = []
        let batches = client.sendBatches(of: 0..<250, .items(100), options) { items in
            try .post("http://a.test/bulk", json: items)
        }
        for try await batch in batches where batch.error != nil { failed.append(batch.input) }
        #expect(failed.map(\.positions) == [100..<200])
        for try await batch in client.resendBatches(failed, options) { #expect(batch.error == nil) }
        #expect(transport.requestCount == 4)
    }

    @Test func readsPages() async throws {
        let client = try client(ScriptedTransport(.status(200, body: "2"), .status(200, body: "3"), .status(200)))
        var pages = 0
        for try await _ in client.pages(
            from: .get("http://a.test/"),
            next: { $0.text.isEmpty ? nil : .get("http://a.test/", query: ["p": $0.text]) })
        {
            pages += 1
        }
        #expect(pages == 3)
        let linked = try self.client(ScriptedTransport())
        for try await _ in linked.pages(from: .get("http://a.test/")) { pages += 1 }
        #expect(pages == 4)
    }

    /// The work runs in tasks of its own; they belong to the trace of whoever reads.
    @Test func requestsBelongToTheTraceOfTheReader() async throws {
        try await withTracedServer({ $0.respond("") }) { _, base in
            try await HTTPClient.withClient { client in
                try await withSpan("job") { _ in
                    for try await _ in client.fetchEach((0..<5).map { _ in .get(base) }) {}
                }
            }
        } check: { _, spans, server in
            let job = try #require(spans.named("job").first)
            let calls = spans.named("call GET")
            #expect(calls.count == 5)
            #expect(calls.allSatisfy { $0.span.parentSpanID == job.span.context.spanID })
            #expect(Set(server.receivedSpanIDs) == Set(spans.filter(\.isClient).map(\.id)))
        }
    }

    @Test func droppingTheIteratorEndsWhatIsOnTheWire() async throws {
        try await withTracedServer({ exchange in
            if exchange.number == 1 { exchange.respond("") } else { exchange.hang() }
        }) { server, base in
            let ended = EndedCalls()
            var configuration = HTTPClient.Configuration()
            configuration.limits.maxTotal = 4
            configuration.observers = [ended]
            try await HTTPClient.withClient(configuration: configuration) { client in
                var iterator: HTTPClient.GatherSequence<HTTPClient.Request>.Iterator? = client.fetchEach(
                    (0..<100).map { _ in .get(base) }
                ).makeAsyncIterator()
                _ = try await iterator?.next()
                while server.requestCount < 5 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                iterator = nil
                while ended.cancelled < 4 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
        } check: { _, spans, server in
            #expect(spans.named("call GET").count == 5)
            #expect(server.requestCount == 5)
        }
    }
}

/// Counts the calls that were cancelled.
private final class EndedCalls: CallObserver, CallObservation {
    private let count = Locked(0)
    var cancelled: Int { count.withLock { $0 } }

    func callWillStart(_ call: CallStart) -> (any CallObservation)? { self }
    func sendWillStart(_ send: SendStart, headers: inout HTTPFields) -> (any SendObservation)? { nil }
    func record(_ event: CallEvent) {}
    func callDidEnd(_ end: CallEnd) {
        if case .cancelled = end.outcome { count.withLock { $0 += 1 } }
    }
    func withContext<Result>(_ operation: () async throws -> Result) async rethrows -> Result { try await operation() }
}
