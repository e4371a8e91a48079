import ContrailBase
import ContrailCore
import ContrailTestSupport
import ContrailTesting
import Dispatch
import Testing

@testable import ContrailCurl

/// What every poller promises, on each of them; the whole suite runs on either as well (`scripts/test --poller`).
@Suite("Pollers", .timeLimit(.minutes(1)))
struct PollerTests {
    /// Longer than any test machine stalls: a wait that takes this long was not ended by anybody.
    private static let long: Int32 = 20_000

    @Test(arguments: PollerKind.allCases)
    func aWakeBeforeTheWaitEndsIt(kind: PollerKind) throws {
        try withPoller(kind) { poller, core in
            poller.wake()
            #expect(waits(core, Self.long) < .seconds(10))
        }
    }

    @Test(arguments: PollerKind.allCases)
    func aWakeFromAnotherThreadEndsTheWait(kind: PollerKind) throws {
        try withPoller(kind) { poller, core in
            let waker = Repeater { poller.wake() }
            #expect(waits(core, Self.long) < .seconds(10))
            waker.stop()
        }
    }

    @Test(arguments: PollerKind.allCases)
    func wakesThatWereAnsweredEndNoLaterWait(kind: PollerKind) throws {
        try withPoller(kind) { poller, core in
            for _ in 0..<100 { poller.wake() }
            _ = waits(core, Self.long)
            #expect(waits(core, 60) >= .milliseconds(50))
        }
    }

    @Test(arguments: PollerKind.allCases)
    func aWakeIsNotLostWhenTheConnectionsAreClosed(kind: PollerKind) throws {
        try withPoller(kind) { poller, core in
            poller.wake()
            core.recycle(maxConnections: 8)
            #expect(waits(core, Self.long) < .seconds(10))
        }
    }

    @Test(arguments: PollerKind.allCases)
    func wakesMeetNoHandleThatIsReplaced(kind: PollerKind) throws {
        try withPoller(kind) { poller, core in
            let waker = Repeater { poller.wake() }
            for _ in 0..<300 { core.recycle(maxConnections: 8) }
            waker.stop()
        }
    }

    @Test(arguments: PollerKind.allCases)
    func wakesMeetNoHandleThatIsGone(kind: PollerKind) throws {
        let poller = try kind.make()
        defer { poller.close() }
        let waker = Repeater { poller.wake() }
        defer { waker.stop() }
        for _ in 0..<300 { try #require(poller.makeCore(maxConnections: 8)).destroy() }
    }

    @Test(arguments: PollerKind.allCases)
    func withoutDescriptorsNoLoopIsMade(kind: PollerKind) async {
        await #expect(processExitsWith: .success) { [name = kind.rawValue as String] in
            let kind = try #require(PollerKind(rawValue: name))
            let before = ProcessCount.setDescriptorLimit(3)
            defer { _ = ProcessCount.setDescriptorLimit(before) }
            // A loop that cannot be woken would take a request and never look at it.
            guard let poller = try? kind.make() else { return }
            #expect(poller.makeCore(maxConnections: 8) == nil)
            poller.close()
        }
    }

    @Test(arguments: PollerKind.allCases)
    func allAreAnsweredWhateverTheyWaitOn(kind: PollerKind) async throws {
        let body = String(repeating: "x", count: 1 << 20)
        try await withServer({ $0.path == "/big" ? $0.respond(body) : $0.path == "/silent" ? $0.hang() : $0.respond() })
        {
            $0.poller = kind
        } _: { server, transport in
            let outcomes = await withTaskGroup(of: String.self) { group in
                for index in 0..<300 { group.addTask { await outcome(index, transport, server.port) } }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(outcomes == ["hello": 100, "\(body.utf8.count)": 100, "timeout": 50, "cancelled": 50])
            while transport.counters.inFlight > 0 { await Task.yield() }
        }
    }

    @Test(arguments: PollerKind.allCases)
    func libcurlsOwnTimersCostNoSpinning(kind: PollerKind) async throws {
        let listener = try FaultServer.start(.neverAccept)
        defer { listener.stop() }
        var configuration = CurlTransport.Configuration()
        configuration.poller = kind
        let transport = CurlTransport(configuration)
        var request = WireRequest.get(listener.port)
        request.connectTimeout = .milliseconds(60)
        #expect(await transport.failure(of: request)?.kind == .connectTimeout)
        // A timer that only libcurl knows of ends every wait and is never run, until the loop's safety net after 1 s.
        #expect(transport.counters.turns < 60)
        await transport.shutdown()
    }

    /// Each kind of end: buffered, streamed with pauses, deadline, cancellation.
    private func outcome(_ index: Int, _ transport: CurlTransport, _ port: Int) async -> String {
        do {
            switch index % 6 {
            case 0, 1: return try await transport.fetch(.get(port)).text
            case 2, 3:
                let response = try await transport.send(.get(port, "/big"), mode: .streaming)
                var count = 0
                while let chunk = try await response.stream?.next() {
                    count += chunk.count
                    await Task.yield()
                }
                return "\(count)"
            case 4:
                var request = WireRequest.get(port, "/silent")
                request.deadline = SystemTime().now + .milliseconds(100)
                return try await transport.fetch(request).text
            default:
                let task = Task { try await transport.fetch(.get(port, "/silent")).text }
                await Task.yield()
                task.cancel()
                return try await task.value
            }
        } catch {
            return (error as? TransportError)?.kind.description ?? "\(error)"
        }
    }

    private func withPoller(_ kind: PollerKind, _ body: (any Poller, LoopCore) throws -> Void) throws {
        let poller = try kind.make()
        defer { poller.close() }
        let core = try #require(poller.makeCore(maxConnections: 8))
        defer { core.destroy() }
        // The first wait may end at once.
        _ = turn(core, 0)
        try body(poller, core)
    }

    private func turn(_ core: LoopCore, _ milliseconds: Int32) -> Bool {
        core.endTurn(waits: true)
        guard let ready = core.wait(milliseconds: milliseconds) else { return false }
        core.beginTurn(ready)
        return true
    }

    private func waits(_ core: LoopCore, _ milliseconds: Int32) -> Duration {
        let begun = LoopDriver.readClock()
        #expect(turn(core, milliseconds))
        return LoopDriver.readClock() - begun
    }
}

/// A thread that does something over and over until it is stopped.
private final class Repeater: Sendable {
    private final class State: Sendable {
        let shouldStop = Locked(false)
        let isOver = DispatchSemaphore(value: 0)
    }

    private let state = State()

    init(_ body: @escaping @Sendable () -> Void) {
        LoopbackServer.Thread.detach { [state] in
            while !state.shouldStop.withLock({ $0 }) { body() }
            state.isOver.signal()
        }
    }

    /// Returns when the thread has done it for the last time.
    func stop() {
        state.shouldStop.withLock { $0 = true }
        state.isOver.wait()
    }
}
