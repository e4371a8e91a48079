import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import ContrailTesting
import Foundation
import Testing

@Suite struct JSONTests {
    private static let ids = #""traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174""#

    private static func request(span: String) -> ByteChunk {
        ByteChunk(#"{"resourceSpans":[{"scopeSpans":[{"spans":[{\#(ids)\#(span)}]}]}]}"#.utf8)
    }

    private static func span(_ members: String) throws -> Telemetry.SpanData {
        let data = try OTLP.decode(try OTLP.protobuf(fromJSON: request(span: members), .traces))
        return try #require(data.resourceSpans.first?.spans.first)
    }

    private static func json(_ span: Telemetry.SpanData) throws -> String {
        String(try OTLP.encodeJSON([span], resource: Telemetry.Resource()))
    }

    // MARK: Writing

    @Test func namesIdsNumbersAndBytesAreWrittenAsTheSpecificationSays() throws {
        var span = Samples.span(
            name: "a\"b\\c\n\u{1}é",
            attributes: [
                Telemetry.Attribute("i", .int(-5)), Telemetry.Attribute("y", .bytes([0xFB, 0xEF, 0xFF])),
                Telemetry.Attribute("d", .double(.nan)), Telemetry.Attribute("e", .string("")),
                Telemetry.Attribute("b", .bool(false)),
            ])
        span.kind = .client
        span.parentSpanID = Telemetry.SpanID(0xABCD)
        span.status = .error("no")
        let json = try Self.json(span)
        for piece in [
            #""traceId":"01020304050607080000000000000001""#, #""spanId":"0000000000000001""#,
            #""parentSpanId":"000000000000abcd""#, #""name":"a\"b\\c\n\u0001é""#, #""kind":3,"#,
            #""startTimeUnixNano":"1000""#, #""flags":257"#, #""status":{"message":"no","code":2}"#,
            #"{"key":"i","value":{"intValue":"-5"}}"#, #"{"key":"y","value":{"bytesValue":"++//"}}"#,
            #"{"key":"d","value":{"doubleValue":"NaN"}}"#, #"{"key":"e","value":{"stringValue":""}}"#,
            #"{"key":"b","value":{"boolValue":false}}"#,
        ] {
            #expect(json.contains(piece), "\(piece) is missing in \(json)")
        }
        #expect(!json.contains("\n"))
    }

    @Test func aBatchOverTheLimitIsAnError() {
        #expect(throws: OTLP.TooLargeError.self) {
            try OTLP.encodeJSON([Samples.span()], resource: Telemetry.Resource(), maxBytes: 100)
        }
    }

    // MARK: Reading

    @Test func idsAreReadInEitherCaseAndNumbersAsTextsOrNumbers() throws {
        let span = try Self.span(
            #","kind":"3","startTimeUnixNano":"1000","endTimeUnixNano":2000,"droppedLinksCount":"7""#)
        #expect("\(span.context.traceID)" == "5b8efff798038103d269b633813fc60c")
        #expect("\(span.context.spanID)" == "eee19b7ec3c1b174")
        #expect(span.kind == .client && span.startNanoseconds == 1000 && span.endNanoseconds == 2000)
        #expect(span.droppedLinks == 7)
    }

    @Test func everyKindOfValueIsRead() throws {
        let values: [(String, Telemetry.AttributeValue)] = [
            (#"{"stringValue":""}"#, .string("")), (#"{"boolValue":true}"#, .bool(true)),
            (#"{"intValue":"-9223372036854775808"}"#, .int(.min)), (#"{"intValue":7}"#, .int(7)),
            (#"{"doubleValue":1.5}"#, .double(1.5)), (#"{"doubleValue":"-Infinity"}"#, .double(-.infinity)),
            (#"{"bytesValue":"-_8="}"#, .bytes([0xFB, 0xFF])), (#"{"bytesValue":"+/8"}"#, .bytes([0xFB, 0xFF])),
            (#"{"arrayValue":{"values":[{"intValue":1},{"arrayValue":{}}]}}"#, .array([.int(1), .array([])])),
            (
                #"{"kvlistValue":{"values":[{"key":"k","value":{"intValue":1}}]}}"#,
                .map([Telemetry.Attribute("k", .int(1))])
            ),
        ]
        for (text, value) in values {
            let span = try Self.span(#","attributes":[{"key":"a","value":\#(text)}]"#)
            #expect(span.attributes == [Telemetry.Attribute("a", value)])
        }
    }

    /// OTLP: "receivers MUST ignore unknown fields"; proto3: null is the default.
    @Test func unknownNamesAndNullsAreIgnored() throws {
        let span = try Self.span(#","name":"n","kind":null,"events":null,"trace_state":"x","new":{"deep":[1,[2]]}"#)
        #expect(span.name == "n" && span.kind == .internal && span.context.traceState == "")
    }

    @Test(arguments: [
        "", "{", "[]", "1", #"{"resourceSpans":{}}"#, #"{"resourceSpans":[1]}"#, #"{"resourceSpans":[null]}"#,
        #"{"resourceSpans":"x"}"#,
    ])
    func whatIsNoRequestIsMalformed(text: String) {
        #expect(throws: OTLP.DecodingError.self) { try OTLP.protobuf(fromJSON: ByteChunk(text.utf8), .traces) }
    }

    @Test(arguments: [
        #","name":1"#, #","kind":"CLIENT""#, #","kind":3000000000"#, #","startTimeUnixNano":"-1""#,
        #","startTimeUnixNano":"18446744073709551616""#, #","parentSpanId":"xy""#, #","parentSpanId":"abc""#,
        #","attributes":[{"key":"a","value":{"bytesValue":"*"}}]"#,
        #","attributes":[{"key":"a","value":{"doubleValue":"ten"}}]"#,
        #","attributes":[{"key":"a","value":{"boolValue":1}}]"#,
    ])
    func aFieldOfAnotherTypeIsMalformed(members: String) {
        #expect(throws: OTLP.DecodingError.self) {
            try OTLP.protobuf(fromJSON: Self.request(span: members), .traces)
        }
    }

    @Test(arguments: [300, 5_000, 1_000_000])
    func nestingBeyondTheLimitIsRefusedBeforeItIsParsed(depth: Int) {
        let open = String(repeating: #"{"arrayValue":{"values":["#, count: depth)
        let body = Self.request(span: #","attributes":[{"key":"a","value":\#(open)"#)
        #expect(throws: OTLP.DecodingError.tooDeep(limit: 200)) { try OTLP.protobuf(fromJSON: body, .traces) }
    }

    @Test func bracketsInTextsDoNotCount() throws {
        let name = String(repeating: "[{", count: 1_000) + #"\"["#
        #expect(try Self.span(#","name":"\#(name)""#).name.utf8.count == 2_002)
    }

    @Test func aBodyOverTheLimitIsTooLarge() {
        var limits = OTLP.DecodingLimits()
        limits.maxBytes = 10
        #expect(throws: OTLP.DecodingError.tooLarge(limitBytes: 10)) {
            try OTLP.protobuf(fromJSON: Self.request(span: ""), .traces, limits: limits)
        }
    }

    // MARK: Both

    @Test(.timeLimit(.minutes(1)))
    func randomSpansComeBack() throws {
        for seed in 100..<120 {
            let source = RandomSpans(seed: UInt64(seed))
            let spans = source.spans(count: 20)
            let resource = source.resource()
            let json = try OTLP.encodeJSON(spans, resource: resource)
            let back = try OTLP.protobuf(fromJSON: json, .traces)
            let direct = try OTLP.encode(spans, resource: resource)
            #expect(try OTLP.json(fromProtobuf: back, .traces) == json)
            // What differs is only whether members with their default value are written.
            let (read, expected) = (try OTLP.decode(back), try OTLP.decode(direct))
            #expect("\(read)" == "\(expected)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func changedTextsAreReadOrRefused() throws {
        let random = SeededRandom(seed: 5)
        let source = RandomSpans(seed: 5)
        let sample = Array(try OTLP.encodeJSON(source.spans(count: 2), resource: source.resource()))
        var read = 0
        for _ in 0..<1_500 {
            var bytes = sample
            for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
            if random.oneIn(4) { bytes.removeSubrange(random.below(bytes.count)..<bytes.count) }
            if let protobuf = try? OTLP.protobuf(fromJSON: ByteChunk(bytes), .traces) {
                read += 1
                _ = try? OTLP.decode(protobuf)
            }
        }
        #expect(read > 20 && read < 1_480)
    }
}
