import Contrail
import ContrailBase
import ContrailTestSupport
import ContrailTesting
import Foundation
import HTTPTypes
import Testing
import Tracing

/// Several places for spans, and what is sent to them.
@Suite(.timeLimit(.minutes(1))) struct DestinationTests {
    private func configuration(_ change: (inout Telemetry.Configuration) -> Void) -> Telemetry.Configuration {
        var configuration = Telemetry.Configuration(environment: [:])
        configuration.report = { _ in }
        configuration.shutdownTimeout = .seconds(30)
        change(&configuration)
        return configuration
    }

    @Test func everyDestinationHasItsOwnQueueRetriesAndCounters() async throws {
        try await withFakeCollector { good in
            try await withFakeCollector { bad in
                bad.behave(.fail(status: 400))
                let told = Locked<[String]>([])
                let configuration = configuration {
                    $0.exporters = [
                        .otlp(.init(endpoint: good.endpoint)), .otlp(.init(endpoint: bad.endpoint)),
                    ]
                    $0.report = { line in told.withLock { $0.append(line) } }
                }
                try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
                    for _ in 0..<3 { withSpan("x") { _ in } }
                    #expect(await runtime.flush(timeout: .seconds(20)) == .failure)
                    let counts = runtime.countsByExporter
                    #expect(counts.map(\.counts.acknowledged) == [3, 0])
                    #expect(counts.map(\.counts.droppedByExporter) == [0, 3])
                    #expect(runtime.counts.ended == 6)
                }
                #expect(good.spans.count == 3 && bad.spans.isEmpty)
                let port = bad.port
                #expect(
                    told.withLock { $0 }.map { $0.hasPrefix("http://127.0.0.1:\(port): 3 of 3 spans were lost") } == [
                        true
                    ])
            }
        }
    }

    @Test func whatIsSetIsWhatIsSent() async throws {
        try await withFakeCollector { collector in
            let configuration = configuration {
                $0.endpoint = collector.endpoint
                $0.otlp.compression = .gzip
                $0.otlp.encoding = .json
                $0.exportHeaders[.authorization] = "Bearer x"
            }
            try await Telemetry.scoped(service: "s", configuration: configuration) { _ in withSpan("x") { _ in } }
            let request = try #require(collector.requests.first)
            #expect(request.headers[.contentEncoding] == "gzip" && request.headers[.contentType] == "application/json")
            #expect(request.headers[.authorization] == "Bearer x")
            let span = try #require(collector.spans.first)
            #expect(span.resource["process.pid"] != nil && span.resource["host.name"] != nil)
            #expect(span.resource["telemetry.sdk.name"] == .string("contrail"))
            #expect(span.resource.schemaURL == Telemetry.schemaURL)
        }
    }

    /// A collector behind TLS that wants to see a certificate: who shows it gets through, who does not loses the spans, and
    /// is told why.
    @Test(.enabled(if: Nginx.isInstalled, "Debian: nginx, openssl"), arguments: [true, false])
    func aCollectorThatAsksIsShownTheClientsCertificate(isShown: Bool) async throws {
        let nginx = try Nginx()
        defer { nginx.stop() }
        try await withFakeCollector { collector in
            let told = Locked<[String]>([])
            let port = try #require(HTTPField.Name("X-Target-Port"))
            let configuration = configuration {
                $0.endpoint = "https://127.0.0.1:\(nginx.clientCheckingPort)"
                $0.exportHeaders[port] = "\(collector.port)"
                $0.otlp.certificateAuthorityFile = nginx.certificate
                if isShown {
                    $0.otlp.clientCertificateFile = nginx.certificate
                    $0.otlp.clientKeyFile = nginx.key
                }
                $0.report = { line in told.withLock { $0.append(line) } }
            }
            try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
                withSpan("x") { _ in }
                #expect(await runtime.flush(timeout: .seconds(20)) == (isShown ? .success : .failure))
            }
            #expect(collector.spans.map(\.span.name) == (isShown ? ["x"] : []))
            #expect(told.withLock { $0.count } == (isShown ? 0 : 1))
        }
    }

    @Test func connectionsToACollectorAreKept() async throws {
        let server = try RawServer { $0.respond("", headers: "Content-Type: application/x-protobuf\r\n") }
        defer { server.stop() }
        let configuration = configuration { $0.endpoint = "http://127.0.0.1:\(server.port)" }
        try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
            for _ in 0..<5 {
                withSpan("x") { _ in }
                #expect(await runtime.flush(timeout: .seconds(20)) == .success)
            }
        }
        #expect(server.requestCount == 5 && server.connectionCount == 1)
    }

    /// Whoever traces the export of spans never comes to an end.
    @Test func theExportIsNotTraced() async throws {
        try await withFakeCollector { collector in
            let configuration = configuration { $0.endpoint = collector.endpoint }
            try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
                await withSpan("x") { _ in
                    withSpan("y") { _ in }
                    await runtime.flush(timeout: .seconds(20))
                }
            }
            #expect(collector.spans.map(\.span.name).sorted() == ["x", "y"])
            let names = collector.requests.flatMap { $0.headers.map(\.name.canonicalName) }
            #expect(!names.contains("traceparent") && !names.contains("baggage"))
            #expect(collector.requests.count == 2)
        }
    }

    @Test func spansGoToAFileInTheFormOfTheSpecification() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "contrail-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let configuration = configuration { $0.exporters = [.file(path: path)] }
        try await Telemetry.scoped(service: "s", configuration: configuration) { _ in withSpan("x") { _ in } }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.hasPrefix(#"{"resourceSpans":["#) && text.contains(#""name":"x""#) && text.hasSuffix("}\n"))
    }

    @Test func theEnvironmentsSamplerLimitsAndPropagatorsAreApplied() async throws {
        try await withFakeCollector { collector in
            let configuration = configuration {
                $0.environment = [
                    "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1",
                    "OTEL_PROPAGATORS": "b3",
                ]
            }
            try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
                withSpan("x") { span in
                    span.attributes["a"] = 1
                    span.attributes["b"] = 2
                    var fields: [Telemetry.HeaderList.Field] = []
                    runtime.tracer.inject(span.context, into: &fields, using: Telemetry.HeaderList())
                    #expect(fields.map(\.name) == ["b3"])
                }
            }
            #expect(
                collector.spans.map(\.span.attributes.count) == [1]
                    && collector.spans.first?.span.droppedAttributes == 1)
        }
        let off = configuration { $0.environment = ["OTEL_TRACES_SAMPLER": "always_off"] }
        try await Telemetry.scoped(service: "s", configuration: off) { runtime in
            withSpan("x") { _ in }
            #expect(runtime.counts.ended == 0)
        }
    }

    @Test func disabledNothingIsRecordedButContextsTravelOn() async throws {
        let configuration = configuration { $0.environment = ["OTEL_SDK_DISABLED": "true"] }
        try await Telemetry.scoped(service: "s", configuration: configuration) { runtime in
            let incoming: [Telemetry.HeaderList.Field] = [
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            ]
            var context = ServiceContext.topLevel
            runtime.tracer.extract(incoming, into: &context, using: Telemetry.HeaderList())
            withSpan("x", context: context) { span in
                var fields: [Telemetry.HeaderList.Field] = []
                runtime.tracer.inject(span.context, into: &fields, using: Telemetry.HeaderList())
                #expect(fields.first?.value.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-") == true)
            }
            #expect(runtime.counts == Telemetry.SpanCounts())
        }
    }
}
