import ContrailBase
import ContrailOTLP
import ContrailTelemetry
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
            (answer(type: nil), 415), (answer(type: "application/json"), 415), (answer(encoding: "gzip"), 415),
            (answer(body: ByteChunk([0xFF])), 400),
            (answer(body: ByteChunk(WireBytes.request(value: WireBytes.nestedArrays(5_000)))), 400),
            (answer(body: ByteChunk(Array(repeating: 0, count: 11)), maxBytes: 10), 413),
        ]
        for (answer, status) in refused {
            #expect(answer.status == status)
            #expect(answer.contentType == "application/x-protobuf")
            #expect(try OTLP.RPCStatus(decoding: answer.body).message.isEmpty == false)
            #expect(answer.data == nil)
        }
        #expect(refused.map(\.0.allow) == [nil, "POST", nil, nil, nil, nil, nil, nil, nil])
    }
}
