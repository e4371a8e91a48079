import Contrail
import ContrailCurl
import ContrailTestSupport
import ContrailTesting
import Synchronization
import Testing

/// A call is cancelled in each state that it can be in. It throws `CancellationError`, its spans close, its permit comes
/// back, and nothing of it is left.
///
/// Each in a process of its own, since what the whole process holds is counted.
@Suite(.serialized, .timeLimit(.minutes(1))) struct CancelStateTests {
    @Test func whileItWaitsForAPermit() async {
        await #expect(processExitsWith: .success) {
            let gate = FaultServer.Gate()
            let time = ObservedTime()
            try await expectNothingLeft(.ok("", when: gate), configure: { $0.time = time }) { stage in
                let holder = stage.call { _ = try await $0.get(stage.url) }
                try await stage.server.waitForRequests(1)
                let sleeps = time.sleepCount
                let waiting = stage.call { _ = try await $0.get(stage.url) }
                // Who stands in the queue has a deadline there, and that is the only thing that sleeps here.
                while time.sleepCount == sleeps { await Task.yield() }
                await stage.expectCancelled(waiting)
                gate.open()
                try await holder.value
            }
        }
    }

    @Test func whileItWaitsForAColdOrigin() async {
        await #expect(processExitsWith: .success) {
            try await expectNothingLeft(.neverAccept, configure: { $0.limits.maxTotal = 2 }) { stage in
                let first = stage.call { _ = try await $0.get(stage.url) }
                try await stage.waitForTransfers(1)
                let second = stage.call { _ = try await $0.get(stage.url) }
                try await stage.waitForTransfers(2)
                await stage.expectCancelled(second)
                await stage.expectCancelled(first)
            }
        }
    }

    @Test func whileItLooksUpTheName() async {
        await #expect(processExitsWith: .success) {
            try await expectNothingLeft(.ok) { stage in
                let call = stage.call { _ = try await $0.get("http://no-such-host.invalid/") }
                try await stage.waitForTransfers(1)
                // Whether the look-up was quicker is up to the machine's resolver.
                await stage.expectCancelled(call, orCode: "name_resolution")
            }
        }
    }

    @Test func whileItConnects() async {
        await #expect(processExitsWith: .success) {
            try await expectNothingLeft(.neverAccept) { stage in
                let call = stage.call { _ = try await $0.get(stage.url) }
                try await stage.waitForTransfers(1)
                await stage.expectCancelled(call)
            }
        }
    }

    @Test func inTheTLSHandshake() async {
        await #expect(processExitsWith: .success) {
            try await expectNothingLeft(.neverRead) { stage in
                let call = stage.call { _ = try await $0.get(stage.server.tlsURL()) }
                try await stage.server.wait { $0.connectionCount == 1 }
                await stage.expectCancelled(call)
            }
        }
    }

    @Test func inTheUpload() async {
        await #expect(processExitsWith: .success) {
            try await expectNothingLeft(.stepsAfterHead(.readBody(atMost: 1000), .ignore)) { stage in
                let body = HTTPClient.Body.bytes([UInt8](repeating: 7, count: 16 << 20))
                let call = stage.call { _ = try await $0.put(stage.url, body: body) }
                try await stage.server.wait { $0.bodyBytes == 1000 }
                await stage.expectCancelled(call)
                #expect(stage.server.requests.allSatisfy { !$0.isComplete })
            }
        }
    }

    @Test func beforeTheHead() async {
        await #expect(processExitsWith: .success) {
            try await expectNothingLeft(.acceptAndSilence) { stage in
                let call = stage.call { _ = try await $0.get(stage.url) }
                try await stage.server.waitForRequests(1)
                await stage.expectCancelled(call)
            }
        }
    }

    @Test func insideABodyThatItWaitsFor() async {
        await #expect(processExitsWith: .success) {
            try await expectNothingLeft(.silenceAfterHead) { stage in
                let gate = Signal()
                let call = stage.call { client in
                    let response = try await client.stream(.get(stage.url))
                    gate.send()
                    for try await _ in response.body {}
                }
                await gate.received()
                await stage.expectCancelled(call)
            }
        }
    }

    @Test func whileItsBodyIsPaused() async {
        await #expect(processExitsWith: .success) {
            // The server ends once the client has taken nothing for a while: then it has paused.
            let plan = FaultServer.Plan.custom { exchange in
                exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                let block = [UInt8](repeating: 7, count: 65536)
                while exchange.send(block, within: 100) {}
            }
            try await expectNothingLeft(plan) { stage in
                let isPaused = Signal()
                let call = stage.call { client in
                    let response = try await client.stream(.get(stage.url))
                    var chunks = response.body.makeAsyncIterator()
                    _ = try await chunks.next()
                    await isPaused.received()
                    while try await chunks.next() != nil {}
                }
                try await stage.server.wait { $0.connectionCount == 1 && $0.openConnectionCount == 0 }
                call.cancel()
                isPaused.send()
                await stage.expectCancelled(call)
            }
        }
    }
}

/// A server, a client with one permit, and telemetry, for one cancellation.
private struct Stage: Sendable {
    let server: FaultServer
    let client: HTTPClient
    let transport: CurlTransport

    var url: String { server.url("/") }

    func call(_ body: @escaping @Sendable (HTTPClient) async throws -> Void) -> Task<Void, any Error> {
        Task { [client] in try await body(client) }
    }

    func waitForTransfers(_ count: Int) async throws {
        while transport.counters.inFlight < count { await Task.yield() }
    }

    func expectCancelled(_ call: Task<Void, any Error>, orCode code: String? = nil) async {
        call.cancel()
        do {
            try await call.value
            Issue.record("the call went well")
        } catch {
            let other = (error as? ClientError)?.code.description
            #expect(error is CancellationError || (other != nil && other == code), "\(error)")
        }
    }
}

private func expectNothingLeft(
    _ plan: FaultServer.Plan, configure: @escaping @Sendable (inout HTTPClient.Configuration) -> Void = { _ in },
    _ body: @escaping @Sendable (Stage) async throws -> Void
) async throws {
    // Once before counting: the runtime and libcurl keep some descriptors for ever.
    try await act(.ok, configure: { _ in }) { stage in _ = try await stage.client.get(stage.url) }
    let before = ProcessCount.now()
    try await act(plan, configure: configure, body)
    for _ in 0..<10_000 where ProcessCount.now() != before { await Task.yield() }
    #expect(ProcessCount.now() == before)
}

private func act(
    _ plan: FaultServer.Plan, configure: @Sendable (inout HTTPClient.Configuration) -> Void,
    _ body: @escaping @Sendable (Stage) async throws -> Void
) async throws {
    var configuration = HTTPClient.Configuration()
    configuration.retry = .never
    configuration.limits.maxTotal = 1
    configure(&configuration)
    let settings = configuration
    try await withFakeCollector { collector in
        var telemetry = Telemetry.Configuration(environment: [:])
        telemetry.endpoint = collector.endpoint
        telemetry.shutdownTimeout = .seconds(30)
        let healthy = try FaultServer.start()
        defer { healthy.stop() }
        let server = try FaultServer.start(plan)
        defer { server.stop() }
        let permits = settings.limits.maxTotal
        let counts = try await Telemetry.scoped(service: "cancel", configuration: telemetry) { telemetry in
            let transport = CurlTransport()
            let client = try HTTPClient(configuration: settings, transport: transport)
            try await body(Stage(server: server, client: client, transport: transport))
            // Every permit is there: so many at a time are answered only together.
            try await expectPermits(permits, client, healthy)
            await client.shutdown()
            await telemetry.flush(timeout: .seconds(10))
            return telemetry.counts
        }
        // A span that never closed would never have come.
        #expect(counts.lost == 0)
        let calls = collector.spans.filter { $0.span.kind == .internal }
        let sends = collector.spans.filter(\.isClient)
        #expect(sends.allSatisfy { send in calls.contains { $0.span.context.spanID == send.span.parentSpanID } })
        let seen = server.requests.compactMap(\.parentSpanID)
        #expect(Set(sends.map(\.id)).isSuperset(of: seen))
    }
}

/// Fails if fewer than `count` calls can be under way at a time.
func expectPermits(_ count: Int, _ client: HTTPClient, _ healthy: FaultServer) async throws {
    let gate = FaultServer.Gate()
    healthy.on("/permit", .ok("", when: gate))
    try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<count { group.addTask { try await client.get(healthy.url("/permit")).status.code } }
        try await healthy.waitForRequests(count, to: "/permit")
        gate.open()
        for try await status in group { #expect(status == 200) }
    }
}

/// The machine's time, and how often somebody began to sleep.
private final class ObservedTime: TimeSource {
    private let system = SystemTime()
    private let sleeps = Mutex(0)

    var sleepCount: Int { sleeps.withLock { $0 } }
    var now: MonotonicInstant { system.now }
    var wallNanoseconds: Int64 { system.wallNanoseconds }

    func sleep(until instant: MonotonicInstant) async throws {
        sleeps.withLock { $0 += 1 }
        try await system.sleep(until: instant)
    }
}

/// Tells one task something, once.
private final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func send() {
        continuation.yield()
        continuation.finish()
    }

    /// Not ended by cancellation: what follows is to meet it.
    func received() async {
        let stream = stream
        await Task { for await _ in stream { return } }.value
    }
}
