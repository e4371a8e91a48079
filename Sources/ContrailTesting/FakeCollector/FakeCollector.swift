import ContrailOTLP

/// An OTLP collector for tests: a real HTTP server in this process that keeps what it is sent.
///
/// It listens on 127.0.0.1, on a port that the system picks, and takes traces, metrics and logs, in protobuf and JSON,
/// plain and in gzip. What is wrong with a request is answered as OTLP says; ``behave(_:times:)`` and ``follow(_:)`` make
/// it fail, delay, refuse or hang. What receivers accept and the specification forbids is in ``violations``.
///
/// ```swift
/// try await withFakeCollector { collector in
///     // Export to collector.endpoint, then:
///     let spans = try await collector.waitForSpans(count: 2)
///     #expect(spans.map(\.span.name) == ["GET", "fetch"])
///     try collector.trace(id).span(named: "GET").expect(kind: .client)
/// }
/// ```
public final class FakeCollector: Sendable {
    /// How much it takes and keeps.
    public struct Configuration: Sendable {
        /// The largest body, in bytes; a larger one is answered with 413. Default 64 MiB.
        public var maxBodyBytes = 64 << 20
        /// How many requests are kept, bodies included; further ones are answered but only counted. Default 10,000.
        public var maxKeptRequests = 10_000
        /// How many spans are kept; further ones are answered but only counted. Default 1,000,000.
        public var maxKeptSpans = 1_000_000
        /// What is checked in requests that are accepted. Default: everything.
        public var checks = Set(Check.allCases)

        /// The defaults.
        public init() {}
    }

    /// The port it listens on.
    public let port: Int
    private let server: LoopbackServer
    let inbox: CollectorInbox

    private init(_ configuration: Configuration) throws {
        let inbox = CollectorInbox(configuration)
        let handler = CollectorHandler(inbox: inbox, configuration: configuration)
        server = try LoopbackServer { handler.serve($0) }
        port = server.port
        self.inbox = inbox
    }

    deinit { server.stop() }

    /// Starts a collector; it listens when this returns. Throws if no port can be had.
    ///
    /// ``withFakeCollector(_:_:)`` also stops it.
    public static func start(_ configuration: Configuration = Configuration()) async throws -> FakeCollector {
        do {
            return try FakeCollector(configuration)
        } catch {
            throw FakeCollectorError.notListening
        }
    }

    /// Closes the port and all connections; what is unanswered stays so. Returns when nothing is left. Idempotent.
    public func stop() async {
        server.stop()
        inbox.close()
    }

    /// What OTEL_EXPORTER_OTLP_ENDPOINT would be: `http://127.0.0.1:` and the port.
    public var endpoint: String { "http://127.0.0.1:\(port)" }

    /// Where traces are posted to: ``endpoint`` and `/v1/traces`.
    public var tracesEndpoint: String { "\(endpoint)/v1/traces" }

    /// Makes it answer in another way from the next request on.
    ///
    /// After `times` requests it accepts again; `nil`, the default, is until told otherwise. At least 1.
    public func behave(_ behavior: Behavior, times: Int? = nil) { inbox.behave(behavior, times: times) }

    /// Forgets the requests and spans so far. Does not change the behavior.
    public func reset() { inbox.reset() }

    /// Every request so far, in the order they came, whatever was answered.
    public var requests: [ReceivedRequest] { inbox.requests }

    /// Every span that was accepted so far, in the order they came. A batch that is sent again comes again.
    public var spans: [ReceivedSpan] { inbox.spans }

    /// Requests and spans that were more than the configuration keeps.
    public var notKept: Int { inbox.notKept }

    /// The accepted spans for which `predicate` holds, as soon as there are `count` of them.
    ///
    /// Throws ``FakeCollectorError/timeout(waitedFor:got:)`` after `timeout` (default 10 s),
    /// ``FakeCollectorError/stopped`` if the collector stops meanwhile, and `CancellationError` on cancellation. Does
    /// not poll; `predicate` runs once per span and arrival.
    @discardableResult
    public func waitForSpans(
        count: Int, timeout: Duration = .seconds(10),
        where predicate: @escaping @Sendable (ReceivedSpan) -> Bool = { _ in true }
    ) async throws -> [ReceivedSpan] {
        try await inbox.wait(timeout: timeout) { snapshot in
            let matching = snapshot.spans.filter(predicate)
            return matching.count >= count
                ? .done(matching) : .more(FakeCollectorError.timeout(waitedFor: count, got: matching.count))
        }
    }

    /// All requests, as soon as there are `count` of them. Otherwise like ``waitForSpans(count:timeout:where:)``.
    @discardableResult
    public func waitForRequests(count: Int, timeout: Duration = .seconds(10)) async throws -> [ReceivedRequest] {
        try await inbox.wait(timeout: timeout) { snapshot in
            let requests = snapshot.requests
            return requests.count >= count
                ? .done(requests) : .more(FakeCollectorError.timeout(waitedFor: count, got: requests.count))
        }
    }
}

/// Starts a collector, runs `body` with it, and stops it, also if `body` throws or is cancelled.
///
/// Throws ``FakeCollectorError/violations(_:)`` if `body` is content but what came is not as the specification says;
/// ``FakeCollector/Configuration/checks`` says what is looked at.
public func withFakeCollector<Result: Sendable>(
    _ configuration: FakeCollector.Configuration = FakeCollector.Configuration(),
    _ body: (FakeCollector) async throws -> Result
) async throws -> Result {
    let collector = try await FakeCollector.start(configuration)
    do {
        let result = try await body(collector)
        await collector.stop()
        let violations = collector.violations
        guard violations.isEmpty else { throw FakeCollectorError.violations(violations) }
        return result
    } catch {
        await collector.stop()
        throw error
    }
}

/// Why a ``FakeCollector`` cannot do what it was asked.
public enum FakeCollectorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Less than `waitedFor` came in time: only `got`.
    case timeout(waitedFor: Int, got: Int)
    /// The collector stopped while something waited for it.
    case stopped
    /// The server did not begin to listen.
    case notListening
    /// What was expected of a trace or a span does not hold: why.
    case expectation(String)
    /// What came breaks rules of the specification.
    case violations([FakeCollector.Violation])

    /// What happened.
    public var description: String {
        switch self {
        case .timeout(let waitedFor, let got): "only \(got) of \(waitedFor) came in time"
        case .stopped: "the collector stopped while something waited for it"
        case .notListening: "the collector's server did not begin to listen"
        case .expectation(let what): what
        case .violations(let violations):
            "what came is not as the specification says:\n" + violations.map { "- \($0)" }.joined(separator: "\n")
        }
    }
}
