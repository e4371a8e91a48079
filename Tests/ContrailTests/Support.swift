import Contrail
import ContrailTestSupport
import ContrailTesting
import Tracing

/// A server, a collector and telemetry that exports to it, for the length of `body`; everything is flushed before `check`.
func withTracedServer<Result: Sendable>(
    _ script: @escaping RawServer.Script,
    _ body: @escaping @Sendable (_ server: RawServer, _ base: String) async throws -> Result,
    check: (Result, [FakeCollector.ReceivedSpan], RawServer) throws -> Void
) async throws {
    let server = try RawServer(script)
    defer { server.stop() }
    try await withFakeCollector { collector in
        var configuration = Telemetry.Configuration(environment: [:])
        configuration.endpoint = collector.endpoint
        configuration.report = { _ in }
        // Under a sanitizer everything takes its time.
        configuration.shutdownTimeout = .seconds(30)
        let result = try await Telemetry.scoped(service: "test", configuration: configuration) { _ in
            try await body(server, "http://127.0.0.1:\(server.port)")
        }
        try check(result, collector.spans, server)
    }
}

extension RawServer {
    /// The span ids in the `traceparent` headers received, in order.
    var receivedSpanIDs: [String] {
        heads.compactMap { head in
            head.split(whereSeparator: \.isNewline)
                .first { $0.lowercased().hasPrefix("traceparent:") }?
                .split(separator: "-").dropFirst(2).first.map(String.init)
        }
    }
}

extension FakeCollector.ReceivedSpan {
    var id: String { "\(span.context.spanID)" }
    var isClient: Bool { span.kind == .client }

    func int(_ key: String) -> Int64? { if case .int(let value)? = self[key] { value } else { nil } }
    func string(_ key: String) -> String? { if case .string(let value)? = self[key] { value } else { nil } }
    func double(_ key: String) -> Double? { if case .double(let value)? = self[key] { value } else { nil } }

    var duration: Double { Double(span.endNanoseconds - span.startNanoseconds) / 1e9 }

    /// The phases of a send, summed.
    var phaseSum: Double {
        span.attributes.reduce(0) { sum, attribute in
            guard attribute.key.hasPrefix("contrail.phase."), case .double(let value) = attribute.value else {
                return sum
            }
            return sum + value
        }
    }
}

extension [FakeCollector.ReceivedSpan] {
    func named(_ name: String) -> [FakeCollector.ReceivedSpan] { filter { $0.span.name == name } }
}
