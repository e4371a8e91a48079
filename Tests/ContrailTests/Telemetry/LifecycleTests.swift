import Contrail
import ContrailTestSupport
import ContrailTesting
import Glibc
import Testing

/// How a program under `Telemetry.run` ends, seen from outside.
@Suite(.timeLimit(.minutes(2)), .serialized) struct LifecycleTests {
    private func program(
        _ server: RawServer, count: Int, ending: String, endpoint: String, environment: [String: String] = [:]
    ) throws -> ProgramRun {
        var environment = environment
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
        return try ProgramRun(
            "LifecycleProgram", ["http://127.0.0.1:\(server.port)/", "\(count)", ending], environment: environment)
    }

    @Test func everythingIsFlushedOnReturn() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        try await withFakeCollector { collector in
            let run = try program(server, count: 20, ending: "return", endpoint: collector.endpoint)
            let result = await run.result()
            #expect(result.status == 0)
            #expect(result.output.contains("returned"))
            #expect(result.errors.isEmpty)
            #expect(collector.spans.count == 40)
            #expect(Set(collector.spans.map(\.serviceName)) == ["lifecycle"])
        }
    }

    @Test func everythingIsFlushedWhenTheBodyFails() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        try await withFakeCollector { collector in
            let run = try program(server, count: 5, ending: "fail", endpoint: collector.endpoint)
            let result = await run.result()
            #expect(result.status != 0 || result.signal != nil)
            #expect(collector.spans.count == 10)
        }
    }

    @Test(arguments: [("wait", SIGTERM), ("wait", SIGINT), ("stubborn", SIGTERM)])
    func signalFlushesAndEndsTheProcessByTheSameSignal(ending: String, signal: Int32) async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        try await withFakeCollector { collector in
            let run = try program(server, count: 5, ending: ending, endpoint: collector.endpoint)
            await run.waitForOutput("statuses")
            run.send(signal)
            let result = await run.result()
            #expect(result.signal == signal)
            #expect(collector.spans.count == 10)
        }
    }

    /// The first is taken for a flush of up to the whole grace, here an hour; nothing else would end it, since the collector
    /// hangs.
    @Test func aSecondInterruptEndsTheProcessAtOnce() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        try await withFakeCollector { collector in
            collector.behave(.hang)
            let run = try program(
                server, count: 5, ending: "stubborn", endpoint: collector.endpoint,
                environment: ["LIFECYCLE_GRACE": "3600"])
            await run.waitForOutput("statuses")
            run.send(SIGINT)
            await run.waitForOutput("cancelled")
            // One that comes within a moment of the first may be taken for it: libdispatch still looks for the trapped signal.
            let insistence = Task {
                while !Task.isCancelled {
                    run.send(SIGINT)
                    try await SystemTime().sleep(until: SystemTime().now + .milliseconds(200))
                }
            }
            #expect(await run.result().signal == SIGINT)
            insistence.cancel()
        }
    }

    @Test func aCollectorThatIsDownCostsItsSpansAndNothingElse() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        let run = try program(server, count: 10, ending: "return", endpoint: "http://127.0.0.1:1")
        let start = ContinuousClock.now
        let result = await run.result()
        #expect(result.status == 0)
        #expect(result.output.contains("statuses 200:10"))
        #expect(result.errors.contains("20 of 20 spans were lost"))
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test(arguments: ["no url", "http://user:hunter2@127.0.0.1:1", "http://127.0.0.1:99999", "http://exämple.com"])
    func aBadEndpointIsReportedAndIgnored(endpoint: String) async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        let run = try program(server, count: 1, ending: "return", endpoint: endpoint)
        let result = await run.result()
        #expect(result.status == 0)
        #expect(result.output.contains("statuses 200:1"))
        #expect(result.errors.contains("OTEL_EXPORTER_OTLP_ENDPOINT"))
        #expect(!result.errors.contains("hunter2"))
    }

    @Test func noExportTimeoutIsNoLimit() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        try await withFakeCollector { collector in
            let run = try program(
                server, count: 5, ending: "return", endpoint: collector.endpoint,
                environment: ["OTEL_BSP_EXPORT_TIMEOUT": "0", "OTEL_EXPORTER_OTLP_TIMEOUT": "0"])
            let result = await run.result()
            #expect(result.errors.isEmpty)
            #expect(collector.spans.count == 10)
        }
    }

    @Test func disabledByTheEnvironmentSendsNothing() async throws {
        let server = try RawServer { $0.respond() }
        defer { server.stop() }
        try await withFakeCollector { collector in
            let run = try program(
                server, count: 3, ending: "return", endpoint: collector.endpoint,
                environment: ["OTEL_SDK_DISABLED": "true"])
            let result = await run.result()
            #expect(result.status == 0)
            #expect(result.errors.isEmpty)
            #expect(collector.requests.isEmpty)
        }
    }
}
