import ContrailBase
import ContrailOTLP
import Testing

@Suite struct MessageTests {
    @Test(arguments: [
        OTLP.TraceResponse(), OTLP.TraceResponse(rejectedSpans: 3, message: "no \0 quota"),
        OTLP.TraceResponse(rejectedSpans: 0, message: "warning"), OTLP.TraceResponse(rejectedSpans: -1, message: ""),
    ])
    func aResponseIsReadAsItWasWritten(response: OTLP.TraceResponse) throws {
        #expect(try OTLP.TraceResponse(decoding: response.encoded()) == response)
    }

    /// OTLP, "Full Success": partial_success must then be absent.
    @Test func fullSuccessIsNoBytes() {
        #expect(OTLP.TraceResponse().encoded().isEmpty)
    }

    @Test func anEmptyPartialSuccessIsFullSuccess() throws {
        #expect(try OTLP.TraceResponse(decoding: ByteChunk([0x0A, 0x00])) == OTLP.TraceResponse())
    }

    /// Worked out by hand: code = 3, message = "bad".
    @Test func aStatusHasTheFieldsOfGoogleRPC() throws {
        let status = OTLP.RPCStatus(code: 3, message: "bad")
        let bytes: [UInt8] = [0x08, 0x03, 0x12, 0x03, 0x62, 0x61, 0x64]
        #expect(Array(status.encoded()) == bytes)
        #expect(try OTLP.RPCStatus(decoding: ByteChunk(bytes)) == status)
    }

    @Test func aStatusWithDetailsIsRead() throws {
        let detail = WireBytes.field(1, Array("type.googleapis.com/x".utf8)) + WireBytes.field(2, [1, 2, 3])
        let bytes = WireBytes.field(1, 14) + WireBytes.field(3, detail) + WireBytes.field(3, detail)
        #expect(try OTLP.RPCStatus(decoding: ByteChunk(bytes)) == OTLP.RPCStatus(code: 14, message: ""))
    }
}
