import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import Testing

@Suite struct DecodeTests {
    @Test func noBytesAreARequestWithoutSpans() throws {
        #expect(try OTLP.decode(.empty) == OTLP.TraceData())
    }

    @Test(arguments: [
        WireBytes.field(2, Array(repeating: 1, count: 8)),
        WireBytes.field(1, Array(repeating: 1, count: 16)),
        WireBytes.field(1, Array(repeating: 1, count: 15)) + WireBytes.field(2, Array(repeating: 1, count: 8)),
        WireBytes.field(1, Array(repeating: 0, count: 16)) + WireBytes.field(2, Array(repeating: 1, count: 8)),
        WireBytes.field(1, Array(repeating: 1, count: 16)) + WireBytes.field(2, Array(repeating: 0, count: 8)),
        WireBytes.ids + WireBytes.field(4, [1, 2, 3]),
        WireBytes.ids + WireBytes.field(13, []),
    ])
    func aSpanWithoutUsableIdsIsCountedAndTheOthersAreRead(span: [UInt8]) throws {
        let bytes = WireBytes.request(span: span) + WireBytes.request(span: WireBytes.ids)
        let data = try OTLP.decode(ByteChunk(bytes))
        #expect(data.spanCount == 1)
        #expect(data.rejectedSpans == 1)
        #expect(data.remark.contains("length or"))
    }

    @Test func unknownFieldsAreSkipped() throws {
        let span =
            WireBytes.ids + WireBytes.field(100, [1, 2, 3]) + WireBytes.field(101, 5) + WireBytes.field(5, [0x6E])
        let data = try OTLP.decode(ByteChunk(WireBytes.request(span: span)))
        #expect(data.resourceSpans.first?.spans.first?.name == "n")
    }

    /// OTLP, "string_value_strindex": readers ignore it and say so.
    @Test func stringTableIndexesAreIgnoredWithARemark() throws {
        let value = try OTLP.decode(ByteChunk(WireBytes.request(value: WireBytes.field(8, 3))))
        #expect(value.spanCount == 1)
        #expect(value.remark.contains("string_value_strindex"))
        let key = WireBytes.field(9, WireBytes.field(3, 4) + WireBytes.field(2, WireBytes.field(3, 1)))
        let data = try OTLP.decode(ByteChunk(WireBytes.request(span: WireBytes.ids + key)))
        #expect(data.spanCount == 1)
        #expect(data.remark.contains("key_strindex"))
    }

    @Test func anAttributeWithoutValueIsAnEmptyTextWithARemark() throws {
        let data = try OTLP.decode(ByteChunk(WireBytes.request(value: [])))
        #expect(data.resourceSpans.first?.spans.first?.attributes == [Telemetry.Attribute("k", .string(""))])
        #expect(data.remark == "an attribute has no value")
    }

    @Test(arguments: [(0x0000, false), (0x0200, false), (0x0100, false), (0x0300, true)])
    func aParentIsRemoteOnlyIfBothBitsSaySo(flags: Int, isRemote: Bool) throws {
        let field: [UInt8] = [0x85, 0x01, UInt8(flags & 0xFF), UInt8(flags >> 8), 0, 0]
        let data = try OTLP.decode(ByteChunk(WireBytes.request(span: WireBytes.ids + field)))
        #expect(data.resourceSpans.first?.spans.first?.parentIsRemote == isRemote)
    }

    @Test(arguments: [0, 1, 6, 99])
    func anUnspecifiedOrUnknownKindIsInternal(kind: UInt64) throws {
        let bytes = WireBytes.request(span: WireBytes.ids + WireBytes.field(6, kind))
        #expect(try OTLP.decode(ByteChunk(bytes)).resourceSpans.first?.spans.first?.kind == .internal)
    }
}
