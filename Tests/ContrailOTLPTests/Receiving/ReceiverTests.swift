import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import HTTPTypes
import Testing

@Suite struct ReceiverTests {
    private func answer(
        method: String = "POST", path: String = "/v1/traces", type: String? = "application/x-protobuf",
        encoding: String? = nil, body: ByteChunk = .empty, maxBytes: Int = 1 << 20
    ) -> OTLP.Receiver.Answer {
        var receiver = OTLP.Receiver()
        receiver.limits.maxBytes = maxBytes
        return receiver.answer(method: method, path: path, contentType: type, contentEncoding: encoding, body: body)
    }

    @Test func spansAreAcceptedWithAnEmptyResponseOfTheSameType() throws {
        let body = try OTLP.encode([Samples.span()], resource: Telemetry.Resource())
        let answer = answer(type: "application/x-protobuf; charset=utf-8", encoding: "identity", body: body)
        #expect(answer.status == 200)
        #expect(answer.contentType == "application/x-protobuf; charset=utf-8")
        #expect(answer.body.isEmpty)
        #expect(answer.data?.spanCount == 1)
    }

    @Test func anEmptyRequestIsAccepted() {
        #expect(answer().status == 200)
    }

    @Test func rejectedSpansAreToldInThePartialSuccess() throws {
        let body = ByteChunk(WireBytes.request(span: WireBytes.ids) + WireBytes.request(span: []))
        let answer = answer(body: body)
        #expect(answer.status == 200)
        #expect(answer.data?.spanCount == 1)
        #expect(try OTLP.TraceResponse(decoding: answer.body).rejectedSpans == 1)
    }

    @Test func errorsCarryAStatusMessageAndNoData() throws {
        let refused = [
            (answer(path: "/v1/other"), 404), (answer(method: "GET"), 405), (answer(type: "text/plain"), 415),
            (answer(type: nil), 415), (answer(encoding: "br"), 415), (answer(encoding: "gzip, gzip"), 415),
            (answer(encoding: "gzip", body: ByteChunk([1, 2, 3])), 400),
            (answer(body: ByteChunk([0xFF])), 400),
            (answer(path: "/v1/metrics", body: ByteChunk([0xFF])), 400),
            (answer(path: "/v1/logs", body: ByteChunk([0x0A, 0x02, 0x0A, 0x01])), 400),
            (answer(body: ByteChunk(WireBytes.request(value: WireBytes.nestedArrays(5_000)))), 400),
            (answer(body: ByteChunk(Array(repeating: 0, count: 11)), maxBytes: 10), 413),
        ]
        for (answer, status) in refused {
            #expect(answer.status == status)
            #expect(answer.contentType == "application/x-protobuf")
            #expect(try OTLP.RPCStatus(decoding: answer.body).message.isEmpty == false)
            #expect(answer.data == nil && answer.payload == nil)
        }
        #expect(refused.map(\.0.headers[.allow]).prefix(3) == [nil, "POST", nil])
        #expect(refused[4].0.headers[.acceptEncoding] == "gzip, identity")
    }

    @Test(arguments: ["gzip", "GZIP", " x-gzip "])
    func compressedBodiesAreRead(encoding: String) throws {
        let body = try #require(Gzip.compress(try OTLP.encode([Samples.span()], resource: Telemetry.Resource())))
        #expect(answer(encoding: encoding, body: body).data?.spanCount == 1)
    }

    @Test func theLimitHoldsForWhatComesOutOfABomb() throws {
        let bomb = try #require(Gzip.compress(ByteChunk(Array(repeating: 0, count: 4 << 20))))
        #expect(bomb.count < 1 << 20)
        #expect(answer(encoding: "gzip", body: bomb).status == 413)
    }

    // MARK: JSON

    @Test func jsonIsAnsweredInJSON() throws {
        let body = try OTLP.encodeJSON([Samples.span()], resource: Telemetry.Resource())
        let fine = answer(type: "application/json; charset=utf-8", body: body)
        #expect(fine.status == 200 && fine.data?.spanCount == 1)
        #expect(fine.contentType == "application/json; charset=utf-8")
        #expect(String(fine.body) == "{}")
        let bad = answer(type: "application/json", body: ByteChunk("{".utf8))
        #expect(bad.status == 400 && bad.contentType == "application/json")
        #expect(String(bad.body) == #"{"code":3,"message":"not a valid message: the text is not JSON"}"#)
    }

    @Test func rejectedSpansAreToldInJSON() {
        let answer = answer(
            type: "application/json", body: ByteChunk(#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#.utf8))
        #expect(answer.status == 200)
        #expect(String(answer.body).hasPrefix(#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"#))
    }

    // MARK: The other signals

    @Test(arguments: [("/v1/metrics", OTLP.Signal.metrics, "resourceMetrics"), ("/v1/logs", .logs, "resourceLogs")])
    func theOtherSignalsAreCheckedAndKept(path: String, signal: OTLP.Signal, name: String) {
        let body = ByteChunk(WireBytes.field(1, WireBytes.field(3, Array("schema".utf8))))
        let binary = answer(path: path, body: body)
        #expect(binary.status == 200 && binary.data == nil)
        #expect(binary.payload?.signal == signal && binary.payload?.protobuf == body)
        #expect(binary.payload?.unknownNames == [])
        let json = ByteChunk(#"{"\#(name)":[{"schemaUrl":"schema","nonsense":1}]}"#.utf8)
        let answered = answer(path: path, type: "application/json", body: json)
        #expect(answered.payload?.protobuf == body)
        #expect(answered.payload?.unknownNames.map { $0.hasSuffix(".nonsense") } == [true])
    }
}
