import Contrail
import ContrailBase
import ContrailCurl
import ContrailTestSupport
import ContrailTesting
import Glibc
import HTTPTypes
import Testing

/// Very many requests in the order of completion: what they cost, and that the window holds.
@Suite(.timeLimit(.minutes(5))) struct GatherLoadTests {
    // SAFETY: no test changes the environment.
    private static var isFull: Bool { unsafe getenv("CONTRAIL_TEST_FULL") != nil }
    /// A million in `scripts/test --full`.
    private static var scriptedCount: Int { isFull ? 1_000_000 : 20_000 }
    /// 50,000 in `scripts/test --full`.
    private static var realCount: Int { isFull ? 50_000 : 5_000 }

    /// In a process of its own, where nothing else takes memory.
    @Test func memoryDoesNotGrowWithTheNumberOfRequests() async {
        let process = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            let crowd = Crowd(of: 100)
            let transport = ScriptedTransport(
                .custom { _ in
                    await crowd.join()
                    let summary = SendSummary(submitted: MonotonicInstant(nanoseconds: 0))
                    return WireResponse(
                        head: ResponseHead(status: .ok, headers: [:]), body: .buffered(.empty), summary: summary)
                }, maxRequests: 0)
            let client = try HTTPClient(configuration: .untraced, transport: transport)
            var before = 0
            var most = 0
            var done = 0
            let requests = (0..<Self.scriptedCount).lazy.map { HTTPClient.Request.get("http://a.test/\($0)") }
            for try await item in client.fetchEach(requests, .window100) {
                done += item.error == nil ? 1 : 0
                if done == 2_000 { before = ProcessCount.residentBytes }
                if done % 1_000 == 0 { most = max(most, ProcessCount.residentBytes) }
            }
            print(
                "figure: gathering \(done) scripted requests, window 100: memory grew by \((most - before) / 1024) kB,",
                "at most \(transport.mostUnderWay) under way")
            #expect(done == Self.scriptedCount && transport.requestCount == done)
            #expect(transport.mostUnderWay == 100)
            #expect(ProcessCount.isAddressSanitized || most - before <= 50 << 20)
        }
        FaultRun.printFigures(process?.standardOutputContent)
    }

    @Test(.enabled(if: Nginx.isInstalled, "nginx is needed")) func theWindowHoldsAgainstARealServer() async throws {
        let process = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try await withNginx { nginx in
                let transport = CountingTransport(CurlTransport(CurlTransport.Configuration()))
                let client = try HTTPClient(configuration: .untraced, transport: transport)
                let url = "http://127.0.0.1:\(nginx.port)/connections"
                var done = 0
                var connections = 0
                let start = SystemTime().now
                for try await item in client.fetchEach((0..<Self.realCount).lazy.map { _ in .get(url) }, .window100) {
                    done += item.response?.status == .ok ? 1 : 0
                    connections = max(connections, item.response.flatMap { Int($0.text) } ?? 0)
                }
                print(
                    "figure: gathering \(done) requests of nginx, window 100, in \(SystemTime().now - start): at most",
                    "\(transport.most) under way, \(connections) connections")
                #expect(done == Self.realCount)
                #expect(transport.most <= 100)
                #expect((1...100).contains(connections))
                await client.shutdown()
            }
        }
        FaultRun.printFigures(process?.standardOutputContent)
    }
}

extension HTTPClient.Configuration {
    /// Traces are no part of these figures, and nobody waits for a permit: the window alone counts.
    fileprivate static var untraced: Self {
        var configuration = Self()
        configuration.tracing.detail = .off
        configuration.limits.maxTotal = 1_000
        configuration.limits.maxPerOrigin = 1_000
        configuration.connections.maxConnections = 1_000
        return configuration
    }
}

extension HTTPClient.GatherOptions {
    fileprivate static var window100: Self {
        var options = Self()
        options.window = 100
        return options
    }
}

/// Holds sends back until so many are there, then lets them all go: the window is full again and again.
private final class Crowd: Sendable {
    private let size: Int
    private let waiting = Locked<[CheckedContinuation<Void, Never>]>([])

    init(of size: Int) { self.size = size }

    func join() async {
        await withCheckedContinuation { continuation in
            let complete = waiting.withLock { waiting -> [CheckedContinuation<Void, Never>] in
                waiting.append(continuation)
                guard waiting.count == size else { return [] }
                defer { waiting = [] }
                return waiting
            }
            for continuation in complete { continuation.resume() }
        }
    }
}

/// Counts the sends that are under way.
private final class CountingTransport: Transport {
    private let base: any Transport
    private let count = Locked((now: 0, most: 0))

    init(_ base: any Transport) { self.base = base }

    var most: Int { count.withLock { $0.most } }

    func send(_ request: WireRequest, mode: BodyMode) async throws -> WireResponse {
        count.withLock { ($0.now, $0.most) = ($0.now + 1, max($0.most, $0.now + 1)) }
        defer { count.withLock { $0.now -= 1 } }
        return try await base.send(request, mode: mode)
    }

    func shutdown() async { await base.shutdown() }
}
