import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import ContrailTesting
import Testing

/// Bytes that somebody made to do harm, or that a network cut. None may trap.
@Suite struct HostileBytesTests {
    private static let sample: [UInt8] = {
        let source = RandomSpans(seed: 7)
        return (try? Array(OTLP.encode(source.spans(count: 12), resource: source.resource()))) ?? []
    }()

    @Test func aBodyCutAnywhereIsMalformed() throws {
        try #require(Self.sample.count > 2_000)
        for length in 1..<Self.sample.count {
            #expect(throws: OTLP.DecodingError.self) { try OTLP.decode(ByteChunk(Self.sample.prefix(length))) }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func changedBytesAreReadOrRefused() {
        let random = SeededRandom(seed: 11)
        var read = 0
        for _ in 0..<5_000 {
            var bytes = Self.sample
            for _ in 0...random.below(4) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
            if random.oneIn(4) { bytes.removeSubrange(random.below(bytes.count)..<bytes.count) }
            if (try? OTLP.decode(ByteChunk(bytes))) != nil { read += 1 }
        }
        // Both must happen, or the test tests nothing.
        #expect(read > 100)
        #expect(read < 4_900)
    }

    @Test func randomBytesAreReadOrRefused() {
        let random = SeededRandom(seed: 13)
        for _ in 0..<5_000 {
            let bytes = (0..<random.below(64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            _ = try? OTLP.decode(ByteChunk(bytes))
            _ = try? OTLP.TraceResponse(decoding: ByteChunk(bytes))
            _ = try? OTLP.RPCStatus(decoding: ByteChunk(bytes))
        }
    }

    /// Each level is two messages; request, resource, scope, span, attribute and value are six more.
    @Test func nestingIsReadUpToTheLimitAndRefusedBeyond() throws {
        let attribute = try OTLP.decode(ByteChunk(WireBytes.request(value: WireBytes.nestedArrays(97))))
            .resourceSpans.first?.spans.first?.attributes.first
        #expect(attribute.map { Samples.depth(of: $0.value) } == 97)
        for depth in [98, 1_000, 1_000_000] {
            #expect(throws: OTLP.DecodingError.tooDeep(limit: 200)) {
                try OTLP.decode(ByteChunk(WireBytes.request(value: WireBytes.nestedArrays(depth))))
            }
        }
    }

    /// Request, resource, scope and span are four.
    @Test func everyMessageCountsTowardsTheDepth() throws {
        let bytes = ByteChunk(WireBytes.request(span: WireBytes.ids))
        var limits = OTLP.DecodingLimits()
        limits.maxDepth = 4
        #expect(try OTLP.decode(bytes, limits: limits).spanCount == 1)
        limits.maxDepth = 3
        #expect(throws: OTLP.DecodingError.tooDeep(limit: 3)) { try OTLP.decode(bytes, limits: limits) }
    }

    @Test func aBodyOverTheLimitIsTooLarge() {
        var limits = OTLP.DecodingLimits()
        limits.maxBytes = Self.sample.count - 1
        #expect(throws: OTLP.DecodingError.tooLarge(limitBytes: limits.maxBytes)) {
            try OTLP.decode(ByteChunk(Self.sample), limits: limits)
        }
        limits.maxBytes += 1
        #expect(throws: Never.self) { try OTLP.decode(ByteChunk(Self.sample), limits: limits) }
    }

    /// Two bytes on the wire, a hundred in memory each.
    @Test func aSmallBodyThatUnpacksToALotIsTooLarge() {
        let bomb = (0..<1_000_000).map { $0.isMultiple(of: 2) ? UInt8(0x0A) : 0 }
        var limits = OTLP.DecodingLimits()
        limits.maxMemoryBytes = 8 << 20
        #expect(throws: OTLP.DecodingError.tooLarge(limitBytes: 8 << 20)) {
            try OTLP.decode(ByteChunk(bomb), limits: limits)
        }
    }

    private static let malformed: KeyValuePairs<String, [UInt8]> = [
        "a group": [0x0B, 0x0C],
        "field number 0": [0x02, 0x00],
        "an open number": [0x80],
        "a number of 11 bytes": [0x08] + zeros(10) + [0x01],
        "a number of 65 bits": [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        "a length past the end": [0x0A, 0x05, 0x00],
        "a length of 2^63": [0x0A] + zeros(9) + [0x01],
        "a number where a message belongs": [0x08, 0x01],
        "a short fixed64": WireBytes.request(span: WireBytes.ids + [0x39, 0, 0]),
        "a fixed32 where a fixed64 belongs": WireBytes.request(span: WireBytes.ids + [0x3D, 0, 0, 0, 0]),
        "two resources": WireBytes.field(1, WireBytes.field(1, []) + WireBytes.field(1, [])),
        "a name that is not UTF-8": WireBytes.request(span: WireBytes.ids + WireBytes.field(5, [0xC3])),
        "a surrogate in a key": WireBytes.request(span: WireBytes.ids + WireBytes.field(9, surrogateKey)),
    ]
    private static let surrogateKey = WireBytes.field(1, [0xED, 0xA0, 0x80])

    /// Bytes that say "more follows" and nothing else.
    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0x80, count: count) }

    @Test func whatIsNoMessageIsMalformed() {
        for (what, bytes) in Self.malformed {
            do {
                _ = try OTLP.decode(ByteChunk(bytes))
                Issue.record("\(what) was read")
            } catch .malformed {
                continue
            } catch {
                Issue.record("\(what): \(error)")
            }
        }
    }
}
