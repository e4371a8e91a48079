import ContrailBase
import Dispatch

extension FaultServer {
    /// Holds up a server until a test opens it: an answer comes exactly when the test wants it.
    ///
    /// ```swift
    /// let gate = FaultServer.Gate()
    /// server.on("/slow", .steps(.wait(for: gate), .respond(body: "at last")))
    /// let call = Task { try await client.get(server.url("/slow")) }
    /// try await server.waitForRequests(1)     // it is under way
    /// gate.open()
    /// ```
    /// Opens once and stays open. A server that stops does not wait for it.
    public final class Gate: Sendable {
        private let state = Locked((isOpen: false, waiting: [ObjectIdentifier: Latch]()))

        /// A closed gate.
        public init() {}

        /// Lets all pass who wait and who come. Idempotent.
        public func open() {
            let waiting = state.withLock { state in
                state.isOpen = true
                defer { state.waiting = [:] }
                return Array(state.waiting.values)
            }
            for latch in waiting { latch.open() }
        }

        func add(_ latch: Latch) {
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting[ObjectIdentifier(latch)] = latch }
                return state.isOpen
            }
            if isOpen { latch.open() }
        }

        func remove(_ latch: Latch) { state.withLock { $0.waiting[ObjectIdentifier(latch)] = nil } }
    }
}

/// Blocks one thread until it is opened. Takes no descriptor: tests count those.
final class Latch: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }
    func wait() { semaphore.wait() }
}
