import Contrail
import ContrailBase
import ContrailOTLP
import ContrailTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct CollectorQueryTests {
    private static let shop = Telemetry.Resource(attributes: [.init("service.name", .string("shop"))])

    private static func span(
        _ name: String, _ id: UInt64, under parent: UInt64? = nil, trace: UInt64 = 1,
        _ kind: Telemetry.SpanData.Kind = .internal,
        attributes: [Telemetry.Attribute] = []
    ) throws -> Telemetry.SpanData {
        let context = Telemetry.SpanContext(
            traceID: try #require(Telemetry.TraceID(high: 0, low: trace)), spanID: try #require(Telemetry.SpanID(id)),
            flags: .sampled)
        var span = Telemetry.SpanData(
            context: context, name: name, startNanoseconds: 1_000_000 * id, endNanoseconds: 90_000_000,
            scope: Telemetry.Scope(name: "s"))
        span.parentSpanID = parent.flatMap { Telemetry.SpanID($0) }
        span.kind = kind
        span.attributes = attributes
        return span
    }

    /// A call with two sends, of which the second is answered; and a span of another trace.
    private static func chain() throws -> [Telemetry.SpanData] {
        [
            try span("GET", 3, under: 1, .client, attributes: [.init("http.response.status_code", .int(200))]),
            try span("call GET", 1), try span("GET", 2, under: 1, .client), try span("lost", 5, under: 4),
            try span("other", 9, trace: 2),
        ]
    }

    private func post(
        _ spans: [Telemetry.SpanData], resource: Telemetry.Resource = shop, to collector: FakeCollector
    ) async throws {
        let body = Array(try OTLP.encode(spans, resource: resource))
        #expect(try await PlainClient(port: collector.port).send(body: body).status == 200)
    }

    // MARK: Traces

    @Test func aTraceIsAskedByNameAndByParent() async throws {
        try await withFakeCollector { collector in
            try await post(try Self.chain(), to: collector)
            #expect(collector.traces.map(\.spans.count) == [4, 1])
            let id = try #require(Telemetry.TraceID(high: 0, low: 1))
            let trace = try await collector.waitForTrace(id, spans: 4)
            let call = try trace.root
            #expect(call.span.name == "call GET")
            #expect(trace.children(of: call).map(\.span.name) == ["GET", "GET"])
            #expect(trace.spans(named: "GET", kind: .client).count == 2 && trace.spans(kind: .server).isEmpty)
            #expect(trace.orphans.map(\.span.name) == ["lost"])
            let lost = try trace.span(named: "lost")
            #expect(trace.parent(of: lost) == nil && trace.parent(of: trace.spans(named: "GET")[0]) == call)
            #expect(collector.trace(try #require(Telemetry.TraceID(high: 7, low: 7))).spans.isEmpty)
        }
    }

    @Test func whatIsAmbiguousOrMissingSaysWhatThereIs() async throws {
        try await withFakeCollector { collector in
            try await post(try Self.chain(), to: collector)
            let trace = collector.traces[0]
            for name in ["GET", "POST"] {
                do {
                    _ = try trace.span(named: name)
                    Issue.record("one \(name) was found")
                } catch FakeCollectorError.expectation(let what) {
                    #expect(what.hasPrefix(name == "GET" ? "2 of span 'GET'" : "0 of span 'POST'"))
                    #expect(what.contains("○ call GET"), "the waterfall belongs to the message")
                }
            }
        }
    }

    @Test func anExpectationSaysAllThatDiffers() async throws {
        try await withFakeCollector { collector in
            try await post(try Self.chain(), to: collector)
            let span = try #require(collector.traces[0].spans(named: "GET").last)
            try span.expect(
                kind: .client, status: .unset, attributes: ["http.response.status_code": .int(200)],
                absent: ["error.type"])
            let expected = FakeCollectorError.expectation(
                "span 'GET': the kind is client, not server; error.type is missing, not string(\"500\"); "
                    + "http.response.status_code is int(200), not missing")
            #expect(throws: expected) {
                try span.expect(
                    kind: .server, attributes: ["error.type": .string("500")], absent: ["http.response.status_code"])
            }
        }
    }

    // MARK: Checks

    private static func broken(_ change: (inout Telemetry.SpanData) -> Void) throws -> [Telemetry.SpanData] {
        var broken = try span("x", 1)
        change(&broken)
        return [broken]
    }

    private static func brokenBatches() throws -> [(FakeCollector.Check, [Telemetry.SpanData])] {
        [
            (.times, try broken { $0.endNanoseconds = 1 }), (.times, try broken { $0.startNanoseconds = 0 }),
            (.times, try broken { $0.events = [.init(name: "e", nanoseconds: 0)] }),
            (.names, try broken { $0.name = "" }),
            (.names, try broken { $0.events = [.init(name: "", nanoseconds: 5)] }),
            (.keys, try broken { $0.attributes = [.init("a", .int(1)), .init("a", .int(2))] }),
            (.keys, try broken { $0.attributes = [.init("", .int(1))] }),
            (.keys, try broken { $0.attributes = [.init("m", .map([.init("b", .int(1)), .init("b", .int(1))]))] }),
            (.keys, try broken { $0.scope.attributes = [.init("a", .int(1)), .init("a", .int(2))] }),
            (.ids, try broken { $0.parentSpanID = $0.context.spanID }), (.ids, [try span("x", 1), try span("y", 1)]),
        ]
    }

    @Test func eachRuleThatIsBrokenIsTold() async throws {
        for (rule, spans) in try Self.brokenBatches() {
            let collector = try await FakeCollector.start()
            try await post(spans, to: collector)
            #expect(collector.violations.map(\.rule) == [rule], "\(spans)")
            await collector.stop()
        }
    }

    @Test func aServiceWithoutNameAnUnknownFieldAndAnEmptyRequestAreTold() async throws {
        let collector = try await FakeCollector.start()
        try await post([try Self.span("x", 1)], resource: Telemetry.Resource(), to: collector)
        let unknown = Array(try OTLP.encode([try Self.span("x", 1)], resource: Self.shop)) + [0x7A, 0x01, 0x00]
        let client = PlainClient(port: collector.port)
        _ = try await client.send(body: unknown)
        _ = try await client.send()
        _ = try await client.send(type: "application/json", body: Array(#"{"resourceSpan":[]}"#.utf8))
        #expect(
            collector.violations.map(\.description) == [
                "serviceName: a resource without service.name",
                "unknownFields: the schema does not know ExportTraceServiceRequest.15",
                "emptyRequest: a request without anything in it",
                "unknownFields: the schema does not know ExportTraceServiceRequest.resourceSpan",
                "emptyRequest: a request without anything in it",
            ])
        await collector.stop()
    }

    @Test func violationsFailWhoeverDoesNotLook() async throws {
        let spans = try Self.broken { $0.name = "" }
        await #expect(throws: FakeCollectorError.self) {
            try await withFakeCollector { try await post(spans, to: $0) }
        }
        var lenient = FakeCollector.Configuration()
        lenient.checks.remove(.names)
        try await withFakeCollector(lenient) { try await post(spans, to: $0) }
    }

    // MARK: Script

    @Test func aScriptIsFollowedInOrder() async throws {
        try await withFakeCollector { collector in
            collector.follow([.fail(status: 503), .partialSuccess(rejected: 2, message: "full"), .refuse])
            let body = Array(try OTLP.encode([try Self.span("x", 1)], resource: Self.shop))
            let client = PlainClient(port: collector.port)
            var answers: [PlainClient.Answer] = []
            for _ in 0..<4 { answers.append(try await client.send(body: body)) }
            #expect(answers.map(\.status) == [503, 200, nil, 200])
            let said = try OTLP.TraceResponse(decoding: ByteChunk(answers[1].body))
            #expect(said == OTLP.TraceResponse(rejectedSpans: 2, message: "full"))
            #expect(collector.spans.count == 2)
        }
    }

    // MARK: Metrics and logs

    @Test func metricsAreDecoded() async throws {
        let json = """
            {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
            "scopeMetrics":[{"scope":{"name":"s"},"metrics":[
            {"name":"hits","unit":"1","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
            {"asInt":"7","timeUnixNano":"5","attributes":[{"key":"k","value":{"boolValue":true}}]}]}},
            {"name":"time","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[
            {"count":"3","sum":1.5,"bucketCounts":["1","2"],"explicitBounds":[0.5],"timeUnixNano":"5"}]}}]}]}]}
            """
        try await withFakeCollector { collector in
            let client = PlainClient(port: collector.port)
            let answer = try await client.send("POST", "/v1/metrics", type: "application/json", body: Array(json.utf8))
            #expect(answer.status == 200 && String(decoding: answer.body, as: UTF8.self) == "{}")
            let metrics = collector.metrics
            #expect(metrics.map(\.name) == ["hits", "time"])
            #expect(metrics.map(\.kind) == [.sum, .histogram] && metrics.map(\.temporality) == [.cumulative, .delta])
            #expect(metrics[0].isMonotonic && metrics[0].points[0].value == 7 && metrics[0].scope.name == "s")
            #expect(metrics[0].points[0].attributes == [.init("k", .bool(true))])
            #expect(metrics[1].points[0].count == 3 && metrics[1].points[0].sum == 1.5)
            #expect(metrics[1].points[0].bucketCounts == [1, 2] && metrics[1].points[0].bounds == [0.5])
        }
    }

    @Test func logsAreDecodedFromProtobufInGzip() async throws {
        let json = """
            {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
            "scopeLogs":[{"logRecords":[{"timeUnixNano":"5","observedTimeUnixNano":"6","severityNumber":9,
            "severityText":"info","eventName":"e","body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}},
            "attributes":[{"key":"d","value":{"doubleValue":"NaN"}}],
            "traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}]}]}]}
            """
        let protobuf = try OTLP.protobuf(fromJSON: ByteChunk(json.utf8), .logs)
        let body = Array(try #require(Gzip.compress(protobuf)))
        try await withFakeCollector { collector in
            let client = PlainClient(port: collector.port)
            let answer = try await client.send("POST", "/v1/logs", headers: ["Content-Encoding: gzip"], body: body)
            #expect(answer.status == 200)
            let log = try #require(collector.logs.first)
            #expect(log.body == .map([.init("a", .int(1))]) && log.severity == 9 && log.severityText == "info")
            #expect(log.nanoseconds == 5 && log.observedNanoseconds == 6 && log.eventName == "e")
            #expect(log.traceID?.description == "5b8efff798038103d269b633813fc60c")
            #expect(log.spanID?.description == "eee19b7ec3c1b174")
            #expect(log.attributes.map(\.key) == ["d"])
        }
    }

    // MARK: Recordings

    @Test func aRecordingIsKeptInAFileAndSentAgain() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "contrail-recording-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "requests.jsonl").path
        let spans = try Self.chain()
        let body = try OTLP.encode(spans, resource: Self.shop)
        let compressed = Array(try #require(Gzip.compress(body)))
        try await withFakeCollector { collector in
            let client = PlainClient(port: collector.port)
            _ = try await client.send(headers: ["Authorization: Bearer secret"], body: Array(body))
            _ = try await client.send(headers: ["Content-Encoding: gzip"], body: compressed)
            try collector.recording.write(to: path)
        }
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("secret"))
        let recording = try Recording(contentsOf: path)
        #expect(recording.requests.map { Array($0.body) } == [Array(body), compressed])
        try await withFakeCollector { collector in
            let client = try HTTPClient()
            #expect(try await recording.replay(to: collector.endpoint, with: client) == [200, 200])
            #expect(collector.spans.map(\.span) == spans + spans)
            await client.shutdown()
        }
    }

    @Test func aFileThatIsNoRecordingIsAnError() {
        #expect(throws: (any Error).self) { try Recording(contentsOf: "/nonexistent") }
    }
}
