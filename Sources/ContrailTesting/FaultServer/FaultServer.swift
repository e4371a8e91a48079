import ContrailBase

/// An HTTP server for tests that misbehaves as it is told: it resets, drips, lies about lengths, answers in a row of
/// statuses, or says nothing at all, and keeps a truthful record of what it was sent.
///
/// It runs in this process and listens on 127.0.0.1, on a port that the system picks. Test how your own service copes:
///
/// ```swift
/// try await withFaultServer { server in
///     server.on("/orders", .sequence(.status(503), .status(503), .ok("done")))
///     server.on("/pay", .reset(.beforeHead))
///
///     let client = try HTTPClient()
///     let orders = try await client.get(server.url("/orders"))
///     #expect(orders.text == "done")
///     #expect(server.count(of: "/orders") == 3)          // two were sent again
///
///     await #expect(throws: ClientError.self) { try await client.post(server.url("/pay")) }
///     #expect(server.count(of: "/pay") == 1)             // a payment is never sent twice
/// }
/// ```
///
/// A thread per connection: meant for hundreds of connections, not for ten thousand.
public final class FaultServer: Sendable {
    /// How much it takes and keeps.
    public struct Configuration: Sendable {
        /// How many connections may be open; a further one is closed at once and counted. Default 10,000.
        public var maxConnections = 10_000
        /// How many requests are kept; further ones are answered but only counted. Default 10,000.
        public var maxKeptRequests = 10_000
        /// How many bytes of bodies are kept in all; further ones are read but only counted. Default 64 MiB.
        public var maxKeptBodyBytes = 64 << 20

        /// The defaults.
        public init() {}
    }

    /// The port it listens on, or refuses at.
    public let port: Int
    private let server: LoopbackServer
    private let state: FaultServerState

    private init(_ plan: Plan, _ configuration: Configuration) throws {
        let state = FaultServerState(plan, configuration)
        server = try LoopbackServer(door: plan.door, maxConnections: configuration.maxConnections) { connection in
            FaultConnection(connection, state).serve()
        }
        port = server.port
        self.state = state
    }

    deinit { end() }

    // MARK: Life

    /// Starts a server; it listens when this returns. Throws if no port can be had.
    ///
    /// `plan` is what it does with requests for which ``on(_:_:)`` has nothing; by default it answers 200.
    /// ``withFaultServer(_:configuration:_:)`` also stops it.
    public static func start(_ plan: Plan = .ok, configuration: Configuration = Configuration()) throws -> FaultServer {
        do {
            return try FaultServer(plan, configuration)
        } catch {
            throw FaultServerError.notListening
        }
    }

    /// Closes the port and all connections, opens all gates that it waits for, and returns when its threads have ended.
    /// Blocks for as long as a plan of yours (``Plan/custom(_:)``) takes to notice. Idempotent.
    public func stop() { end() }

    private func end() {
        state.stop()
        server.stop()
    }

    // MARK: What it does

    /// `http://127.0.0.1:`, the port, and `path`, which begins with a slash.
    public func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The same with `https`. The server speaks no TLS: for ``Plan/tlsAlert``, ``Plan/neverRead`` and the like.
    public func tlsURL(_ path: String = "/") -> String { "https://127.0.0.1:\(port)\(path)" }

    /// Does this with requests to `path` (without query) from now on; its turns begin anew.
    public func on(_ path: String, _ plan: Plan) { state.change { $0.set(plan, for: path) } }

    /// Does this with all other requests from now on; its turns begin anew.
    public func otherwise(_ plan: Plan) { state.change { $0.set(plan, for: nil) } }

    // MARK: What it saw

    /// Everything so far.
    public var record: Record {
        var record = state.record
        record.turnedAwayCount = server.turnedAwayCount
        return record
    }

    /// The requests so far, in the order their heads came. Short for ``Record/requests`` of ``record``.
    public var requests: [ReceivedRequest] { state.record.requests }

    /// How many requests came to `path`. Short for ``Record/count(of:)`` of ``record``.
    public func count(of path: String) -> Int { state.record.count(of: path) }

    /// The record, as soon as `condition` holds for it.
    ///
    /// Throws ``FaultServerError/timeout`` after `timeout` (default 10 s), ``FaultServerError/stopped`` if the server
    /// stops meanwhile, and `CancellationError` on cancellation. Does not poll: asks whenever a connection comes or goes,
    /// and whenever a head or a piece of a body comes.
    @discardableResult
    public func wait(
        timeout: Duration = .seconds(10), until condition: @escaping @Sendable (Record) -> Bool
    ) async throws -> Record {
        try await state.wait(timeout: timeout, until: condition)
        return record
    }

    /// Returns as soon as `count` requests have come, to `path` or in all. Throws as ``wait(timeout:until:)``.
    public func waitForRequests(_ count: Int, to path: String? = nil, timeout: Duration = .seconds(10)) async throws {
        try await wait(timeout: timeout) { record in
            (path.map { record.count(of: $0) } ?? record.requestCount) >= count
        }
    }
}

/// Starts a server, runs `body` with it, and stops it, also if `body` throws or is cancelled.
@discardableResult
public func withFaultServer<Result>(
    _ plan: FaultServer.Plan = .ok, configuration: FaultServer.Configuration = FaultServer.Configuration(),
    _ body: (FaultServer) async throws -> Result
) async throws -> Result {
    let server = try FaultServer.start(plan, configuration: configuration)
    defer { server.stop() }
    return try await body(server)
}

/// Why a ``FaultServer`` cannot do what it was asked.
public enum FaultServerError: Error, Sendable, Equatable {
    /// What was waited for did not come in time.
    case timeout
    /// The server stopped while something waited for it.
    case stopped
    /// The server did not begin to listen.
    case notListening
}
