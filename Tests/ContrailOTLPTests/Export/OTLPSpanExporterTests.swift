import ContrailBase
import ContrailCore
import ContrailOTLP
import ContrailTelemetry
import ContrailTesting
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(1))) struct OTLPSpanExporterTests {
    private let time = JumpingTime()

    private func exporter(
        _ transport: ScriptedTransport, headers: HTTPFields = [:],
        change: (inout OTLPSpanExporter.Settings) -> Void = { _ in }
    ) throws -> OTLPSpanExporter {
        var settings = OTLPSpanExporter.Settings(
            endpoint: try RequestURL("http://collector:4318/v1/traces"), headers: headers)
        change(&settings)
        return OTLPSpanExporter(transport: transport, settings: settings, time: time, random: FixedRandom())
    }

    private func export(
        _ count: Int = 3, over transport: ScriptedTransport,
        change: (inout OTLPSpanExporter.Settings) -> Void = { _ in }
    ) async throws -> Telemetry.ExportResult {
        let spans = (0..<count).map { Samples.span(name: "\($0)") }
        return try await exporter(transport, change: change).export(spans, resource: Telemetry.Resource())
    }

    private static func response(_ status: Int, _ type: String?, _ body: ByteChunk) -> ScriptedTransport.Step {
        .custom { _ in
            var headers = HTTPFields()
            headers[.contentType] = type
            return WireResponse(
                head: ResponseHead(status: HTTPResponse.Status(code: status), headers: headers), body: .buffered(body),
                summary: SendSummary(submitted: MonotonicInstant(nanoseconds: 0)))
        }
    }

    @Test func aBatchIsPostedAsProtobufWithTheExportersName() async throws {
        let transport = ScriptedTransport(.status(200))
        let secret = try #require(HTTPField.Name("x-api-key"))
        var headers: HTTPFields = [secret: "k", .contentType: "text/plain", .contentLength: "1"]
        headers[.connection] = "close"
        let spans = [Samples.span()]
        let resource = Telemetry.Resource(attributes: [Telemetry.Attribute("service.name", .string("s"))])
        let result = try await exporter(transport, headers: headers).export(spans, resource: resource)
        #expect(result == Telemetry.ExportResult(acknowledged: 1))
        let request = try #require(transport.requests.first)
        #expect(request.method == .post)
        #expect(request.url.text == "http://collector:4318/v1/traces")
        #expect(request.headers[.contentType] == "application/x-protobuf")
        #expect(request.headers[.userAgent] == "OTel-OTLP-Exporter-Swift/\(Telemetry.sdkVersion)")
        #expect(request.headers[secret] == "k")
        #expect(request.headers[.contentLength] == nil && request.headers[.connection] == nil)
        #expect(request.headers[.contentEncoding] == nil)
        let body = try #require(request.body?.bytes)
        let group = try #require(try OTLP.decode(body).resourceSpans.first)
        #expect(group == OTLP.ResourceSpans(resource: resource, spans: spans))
    }

    @Test func aCompressedBatchSaysSoAndReadsBack() async throws {
        let transport = ScriptedTransport(.status(200))
        let result = try await export(200, over: transport) { $0.compresses = true }
        #expect(result.acknowledged == 200)
        let request = try #require(transport.requests.first)
        #expect(request.headers[.contentEncoding] == "gzip")
        let body = try #require(request.body?.bytes)
        let plain = try Gzip.expand(body, maxBytes: 1 << 20)
        #expect(body.count < plain.count / 4)
        #expect(try OTLP.decode(plain).spanCount == 200)
    }

    @Test func theLimitIsOfWhatIsNotYetCompressed() async throws {
        let transport = ScriptedTransport(.status(200))
        let result = try await export(200, over: transport) {
            $0.compresses = true
            $0.maxRequestBytes = 5_000
        }
        #expect(result.dropped == 200 && transport.requests.isEmpty)
    }

    @Test func aBatchInJSONIsAnsweredInJSON() async throws {
        let said = #"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"full"}}"#
        let transport = ScriptedTransport(Self.response(200, "application/json", ByteChunk(said.utf8)))
        let result = try await export(5, over: transport) { $0.encoding = .json }
        #expect(result.acknowledged == 3 && result.dropped == 2 && result.problem?.contains("full") == true)
        let request = try #require(transport.requests.first)
        #expect(request.headers[.contentType] == "application/json")
        let body = try #require(request.body?.bytes)
        #expect(try OTLP.decode(try OTLP.protobuf(fromJSON: body, .traces)).spanCount == 5)
        let refusal = Self.response(400, "application/json", ByteChunk(#"{"code":3,"message":"no such key"}"#.utf8))
        let refused = try await export(over: ScriptedTransport(refusal)) { $0.encoding = .json }
        #expect(refused.problem == "http://collector:4318: answered 400: no such key")
    }

    @Test func nothingIsSentForNothing() async throws {
        let transport = ScriptedTransport(.status(200))
        #expect(try await export(0, over: transport) == Telemetry.ExportResult())
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: [200, 202, 204])
    func everySuccessAcknowledgesAll(status: Int) async throws {
        #expect(try await export(over: ScriptedTransport(.status(status))) == Telemetry.ExportResult(acknowledged: 3))
    }

    @Test(arguments: [100, 301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 413, 415, 422, 500, 501, 505])
    func aRefusalDropsAllAtOnce(status: Int) async throws {
        let transport = ScriptedTransport(.status(status, headers: [.location: "http://elsewhere/"]))
        let result = try await export(over: transport)
        #expect(result.dropped == 3 && result.acknowledged == 0 && result.unknown == 0)
        #expect(result.problem == "http://collector:4318: answered \(status)")
        #expect(transport.requests.count == 1)
    }

    @Test(arguments: [429, 502, 503, 504])
    func aTransientRefusalIsSentAgain(status: Int) async throws {
        let transport = ScriptedTransport(.status(status), .status(status), .status(200))
        #expect(try await export(over: transport) == Telemetry.ExportResult(acknowledged: 3))
        #expect(transport.requests.count == 3)
        #expect(Set(transport.requests.map(\.body?.bytes)).count == 1)
        #expect(time.sleeps == [.milliseconds(500), .seconds(1)])
    }

    /// Attempts after 0, 0.5, 1.5, 3.5, 6 and 8.5 s; the next would be after 11 s.
    @Test func theDeadlineCoversAllAttempts() async throws {
        let transport = ScriptedTransport(.status(503))
        let start = time.now
        let result = try await export(over: transport)
        #expect(result.dropped == 3)
        #expect(result.problem == "http://collector:4318: answered 503 (attempt 6); no time left to try again")
        #expect(transport.requests.count == 6)
        #expect(Set(transport.requests.map(\.deadline)) == [start + .seconds(10)])
        #expect(time.now - start < .seconds(10))
    }

    @Test func aTimeoutOfZeroIsNoDeadline() async throws {
        let transport = ScriptedTransport(.status(503))
        let result = try await export(over: transport) { $0.timeout = .zero }
        #expect(result.dropped == 3)
        #expect(transport.requests.count == 10)
        #expect(transport.requests.allSatisfy { $0.deadline == nil })
    }

    @Test(arguments: [
        ("2", Duration.seconds(2)), ("Sun, 22 Nov 2026 12:00:07 GMT", .seconds(7)), ("rubbish", .milliseconds(500)),
    ])
    func retryAfterIsWaitedFor(field: String, wait: Duration) async throws {
        let transport = ScriptedTransport(.status(503, headers: [.retryAfter: field]), .status(200))
        #expect(try await export(over: transport).acknowledged == 3)
        #expect(time.sleeps == [wait])
    }

    @Test func aRetryAfterBeyondTheDeadlineIsNotWaitedFor() async throws {
        let transport = ScriptedTransport(.status(429, headers: [.retryAfter: "60"]))
        #expect(try await export(over: transport).dropped == 3)
        #expect(time.sleeps == [])
    }

    @Test(arguments: [TransportError.Kind.connect, .nameResolution, .connectTimeout, .tlsHandshake])
    func whatWasNeverSentIsDroppedAndNotUnknown(kind: TransportError.Kind) async throws {
        let transport = ScriptedTransport(.failure(kind, wireSends: 0))
        let result = try await export(over: transport)
        #expect(result.dropped == 3 && result.unknown == 0)
        #expect(transport.requests.count == 6)
    }

    @Test(arguments: [TransportError.Kind.emptyReply, .connectionReset, .staleConnection])
    func whatWasSentAndNeverAnsweredIsUnknown(kind: TransportError.Kind) async throws {
        let transport = ScriptedTransport(.failure(kind, wireSends: 1), .status(503))
        let result = try await export(over: transport)
        #expect(result.unknown == 3 && result.dropped == 0)
    }

    @Test func anAnswerInTheEndSettlesWhatWasUnknown() async throws {
        let transport = ScriptedTransport(.failure(.emptyReply, wireSends: 1), .status(200))
        #expect(try await export(over: transport) == Telemetry.ExportResult(acknowledged: 3))
    }

    @Test(arguments: [
        (Int64(1), "quota", 2, "the receiver rejected 1 of 3 spans: quota"),
        (3, "", 0, "the receiver rejected 3 of 3 spans: no reason given"),
        (99, "x", 0, "the receiver rejected 3 of 3 spans: x"),
        (0, "slow\ndown", 3, "the receiver warns: slow down"), (-5, "odd", 3, "the receiver warns: odd"),
    ])
    func aPartialSuccessIsNotSentAgainAndItsRejectedSpansAreDropped(
        rejected: Int64, message: String, acknowledged: Int, problem: String
    ) async throws {
        let body = OTLP.TraceResponse(rejectedSpans: rejected, message: message).encoded()
        let transport = ScriptedTransport(Self.response(200, "application/x-protobuf", body))
        let result = try await export(over: transport)
        #expect(
            result == Telemetry.ExportResult(acknowledged: acknowledged, dropped: 3 - acknowledged, problem: problem))
        #expect(transport.requests.count == 1)
    }

    @Test(arguments: [("application/json", "{}"), ("text/html", "<p>ok</p>"), (nil, "ok")] as [(String?, String)])
    func aSuccessInAnotherFormatIsASuccess(type: String?, body: String) async throws {
        let transport = ScriptedTransport(Self.response(200, type, ByteChunk(body.utf8)))
        #expect(try await export(over: transport) == Telemetry.ExportResult(acknowledged: 3))
    }

    @Test func anUnreadableResponseToASuccessIsTold() async throws {
        let transport = ScriptedTransport(Self.response(200, "application/x-protobuf", ByteChunk([0xFF])))
        let result = try await export(over: transport)
        #expect(result.acknowledged == 3)
        #expect(result.problem == "the receiver warns: the response is not readable")
    }

    @Test func theReceiversReasonIsTold() async throws {
        let status = OTLP.RPCStatus(code: 16, message: "no token\u{1B}[31m").encoded()
        let transport = ScriptedTransport(Self.response(401, "application/x-protobuf", status))
        #expect(try await export(over: transport).problem == "http://collector:4318: answered 401: no token [31m")
    }

    @Test func aResponseOverTheLimitIsNotTriedAgain() async throws {
        let transport = ScriptedTransport(.failure(.bodyTooLarge, wireSends: 1))
        let result = try await export(over: transport)
        #expect(result.unknown == 3)
        #expect(transport.requests.count == 1)
    }

    @Test func aBatchOverTheLimitIsDroppedUnsent() async throws {
        let transport = ScriptedTransport(.status(200))
        let result = try await export(over: transport) { $0.maxRequestBytes = 10 }
        #expect(result.dropped == 3)
        #expect(result.problem?.contains("more than the limit of 10") == true)
        #expect(transport.requests.isEmpty)
    }

    @Test func cancelledWhileSendingTheBatchIsUnknown() async throws {
        let clock = ManualTime()
        let transport = ScriptedTransport(.silence, time: clock)
        let exporter = try exporter(transport)
        let task = Task { await exporter.export([Samples.span()], resource: Telemetry.Resource()) }
        try await clock.waitForSleepers(1)
        task.cancel()
        let result = await task.value
        #expect(result.unknown == 1 && result.dropped == 0)
        #expect(transport.requests.count == 1)
    }

    @Test(arguments: [(0, 1), (1, 0)])
    func cancelledWhileBackingOffTheEarlierAttemptsDecide(wireSends: Int, dropped: Int) async throws {
        let clock = ManualTime()
        let transport = ScriptedTransport(.failure(.connectionReset, wireSends: wireSends), time: clock)
        let settings = OTLPSpanExporter.Settings(endpoint: try RequestURL("http://collector/"))
        let exporter = OTLPSpanExporter(transport: transport, settings: settings, time: clock, random: FixedRandom())
        let task = Task { await exporter.export([Samples.span()], resource: Telemetry.Resource()) }
        try await clock.waitForSleepers(1)
        task.cancel()
        let result = await task.value
        #expect(result.dropped == dropped && result.unknown == 1 - dropped)
        #expect(result.problem?.hasSuffix("; cancelled") == true)
    }

    /// Each send waits until all four are under way: one after the other they would wait for ever.
    @Test func batchesAreSentAtTheSameTime() async throws {
        let started = Locked(0)
        let transport = ScriptedTransport(
            .custom { _ in
                started.withLock { $0 += 1 }
                while started.withLock({ $0 }) < 4 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                return WireResponse(
                    head: ResponseHead(status: .ok, headers: [:]), body: .buffered(ByteChunk([])),
                    summary: SendSummary(submitted: MonotonicInstant(nanoseconds: 0)))
            })
        let exporter = try exporter(transport)
        let results = await withTaskGroup(of: Telemetry.ExportResult.self) { group in
            for number in 1...4 {
                group.addTask {
                    await exporter.export(
                        (0..<number).map { Samples.span(name: "\($0)") }, resource: Telemetry.Resource())
                }
            }
            return await group.reduce(into: [Telemetry.ExportResult]()) { $0.append($1) }
        }
        #expect(results.map { $0.acknowledged }.sorted() == [1, 2, 3, 4])
    }

    @Test func afterShutdownEverythingIsRefused() async throws {
        let transport = ScriptedTransport(.status(200))
        let exporter = try exporter(transport)
        await exporter.shutdown()
        await exporter.shutdown()
        let result = await exporter.export([Samples.span()], resource: Telemetry.Resource())
        #expect(result == Telemetry.ExportResult(dropped: 1, problem: "the exporter is shut down"))
        #expect(transport.isShutDown)
        #expect(transport.requests.isEmpty)
    }
}
