import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import Testing

@Suite struct EncodeTests {
    @Test func whatIsEncodedIsDecodedAgain() throws {
        for seed in 0..<20 {
            let source = RandomSpans(seed: UInt64(1000 + seed))
            let spans = source.spans(count: 60)
            let resource = source.resource()
            let data = try OTLP.decode(try OTLP.encode(spans, resource: resource))
            // NaN is not equal to itself, and spans come back by scope: compare texts, which sort by scope too.
            let group = try #require(data.resourceSpans.first)
            #expect(
                CanonicalText.of(group.spans, resource: group.resource) == CanonicalText.of(spans, resource: resource))
            #expect(data.resourceSpans.count == 1)
            #expect(data.rejectedSpans == 0)
            #expect(data.remark == "")
        }
    }

    /// Attributes that many spans have are packed once: each span must still have its own, in their order.
    @Test func attributesThatComeAgainAreThoseOfTheirSpan() throws {
        let long = String(repeating: "a shared text that has storage of its own ", count: 3)
        let spans = (0..<600).map { number in
            var span = Samples.span(name: "\(number)")
            span.attributes = [
                .init("same", .int(1)), .init("parity", .bool(number % 2 == 0)), .init("number", .int(Int64(number))),
                .init("a key of more than fifteen bytes", .string(long)), .init("zero", .double(0)),
                .init("minus.zero", .double(-0.0)), .init("time", .double(Double(number) / 7)),
                .init("own", .string("text \(number % 50) of more than fifteen bytes")), .init("empty", .string("")),
                .init("one", .int(1)), .init("true", .bool(true)), .init("text", .string("1")),
                .init("list", .array([.int(Int64(number)), .string(long)])),
                .init("bytes", .bytes([1, 2, UInt8(number % 7)])),
            ]
            return span
        }
        let data = try OTLP.decode(try OTLP.encode(spans, resource: Telemetry.Resource()))
        #expect(data.resourceSpans.first?.spans == spans)
    }

    /// One text stands once in memory and 600 times in the message, which must have room for it.
    @Test(arguments: [0, 1, 126, 127, 128, 5_000, 20_000]) func aTextThatComesAgainTakesItsRoomEachTime(length: Int)
        throws
    {
        let text = String(repeating: "x", count: length)
        let spans = (0..<300).map { number in
            var span = Samples.span(name: "\(number)")
            span.attributes = [.init("a key of more than fifteen bytes", .string(text)), .init("k", .string(text))]
            return span
        }
        let bytes = try OTLP.encode(spans, resource: Telemetry.Resource())
        #expect(bytes.count > spans.count * 2 * length)
        let data = try OTLP.decode(bytes)
        #expect(data.resourceSpans.first?.spans == spans)
    }

    @Test func spansAreGroupedByScopeInTheOrderOfFirstOccurrence() throws {
        let spans = ["a", "b", "a", "c", "b", "a"].enumerated().map {
            Samples.span(name: "\($0.offset)", scope: $0.element)
        }
        let data = try OTLP.decode(try OTLP.encode(spans, resource: Telemetry.Resource()))
        #expect(data.resourceSpans.first?.spans.map(\.name) == ["0", "2", "5", "1", "4", "3"])
        #expect(data.resourceSpans.first?.spans.map(\.scope.name) == ["a", "a", "a", "b", "b", "c"])
    }

    @Test func scopesThatDifferInAnyPartAreKeptApart() throws {
        var spans = (0..<4).map { Samples.span(name: "\($0)") }
        spans[1].scope.version = "1"
        spans[2].scope.schemaURL = "s"
        spans[3].scope.attributes = [Telemetry.Attribute("k", .int(1))]
        let data = try OTLP.decode(try OTLP.encode(spans, resource: Telemetry.Resource()))
        #expect(data.resourceSpans.first?.spans == spans)
    }

    /// Bytes worked out by hand from the schema.
    @Test func idsAreBigEndianAndFlagsSayThatTheParentIsLocal() throws {
        var span = Samples.span(name: "n", scope: "")
        span.startNanoseconds = 0
        span.endNanoseconds = 0
        let expected: [UInt8] = [
            0x0A, 0x2F,  // resource_spans, 47 bytes
            0x0A, 0x00,  // resource, empty
            0x12, 0x2B,  // scope_spans, 43 bytes
            0x0A, 0x00,  // scope, empty
            0x12, 0x27,  // span, 39 bytes
            0x0A, 0x10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1,  // trace_id
            0x12, 0x08, 0, 0, 0, 0, 0, 0, 0, 1,  // span_id
            0x2A, 0x01, 0x6E,  // name
            0x30, 0x01,  // kind: internal
            0x85, 0x01, 0x01, 0x01, 0x00, 0x00,  // flags (field 16, fixed32): sampled, parent known to be local
        ]
        let encoded = Array(try OTLP.encode([span], resource: Telemetry.Resource()))
        #expect(encoded == expected)
    }

    @Test(arguments: [("", 1), ("\0", 2), ("a\0b", 4)])
    func emptyTextsAndTextsWithNULArrive(text: String, bytes: Int) throws {
        let attribute = Telemetry.Attribute("k", .string(text))
        let body = try OTLP.encode([Samples.span(attributes: [attribute])], resource: Telemetry.Resource())
        let decoded = try OTLP.decode(body).resourceSpans.first?.spans.first?.attributes
        #expect(decoded == [attribute])
        // string_value: tag 1, length, bytes. An empty one must be there too, since no value at all means something
        // else.
        let wanted = [0x0A, UInt8(text.utf8.count)] + Array(text.utf8)
        #expect(Array(body).indices.contains { Array(body[$0...].prefix(wanted.count)) == wanted })
    }

    @Test(arguments: [
        Telemetry.AttributeValue.int(0), .bool(false), .double(0), .bytes([]), .array([]), .map([]),
        .array([.string(""), .int(0), .array([])]),
    ])
    func zeroAndEmptyValuesKeepTheirKind(value: Telemetry.AttributeValue) throws {
        let attribute = Telemetry.Attribute("k", value)
        let body = try OTLP.encode([Samples.span(attributes: [attribute])], resource: Telemetry.Resource())
        #expect(try OTLP.decode(body).resourceSpans.first?.spans.first?.attributes == [attribute])
    }

    /// A depth and not the value is the argument: the runner describes arguments, recursively.
    @Test(arguments: [(40, false), (28, true)])
    func deepValuesArriveWhole(depth: Int, asMaps: Bool) throws {
        let value = asMaps ? Samples.nestedMap(depth: depth) : Samples.nested(depth: depth)
        let attribute = Telemetry.Attribute("k", value)
        let body = try OTLP.encode([Samples.span(attributes: [attribute])], resource: Telemetry.Resource())
        #expect(try OTLP.decode(body).resourceSpans.first?.spans.first?.attributes == [attribute])
    }

    /// A receiver refuses the whole batch if one value is too deep for its parser; most stop at 100 messages.
    @Test(arguments: [false, true])
    func aValueThatIsTooDeepIsCutAndTheBatchArrives(asMaps: Bool) throws {
        let value = asMaps ? Samples.nestedMap(depth: 1_000) : Samples.nested(depth: 1_000)
        var span = Samples.span(attributes: [Telemetry.Attribute("k", value)])
        span.events = [Telemetry.SpanData.Event(name: "e", nanoseconds: 1, attributes: span.attributes)]
        let body = try OTLP.encode([span], resource: Telemetry.Resource())
        var limits = OTLP.DecodingLimits()
        limits.maxDepth = 100
        let decoded = try OTLP.decode(body, limits: limits).resourceSpans.first?.spans.first
        #expect(Samples.depth(of: decoded?.attributes.first?.value ?? .int(0)) >= 30)
        limits.maxDepth = 90
        #expect(throws: OTLP.DecodingError.tooDeep(limit: 90)) { try OTLP.decode(body, limits: limits) }
    }

    @Test func aBatchOverTheLimitIsNotMade() throws {
        let spans = [Samples.span()]
        let size = try OTLP.encode(spans, resource: Telemetry.Resource()).count
        #expect(try OTLP.encode(spans, resource: Telemetry.Resource(), maxBytes: size).count == size)
        #expect(throws: OTLP.TooLargeError(bytes: size, limitBytes: size - 1)) {
            try OTLP.encode(spans, resource: Telemetry.Resource(), maxBytes: size - 1)
        }
    }

    @Test(arguments: 0..<20) func aGuessedSizeChangesNoByte(seed: Int) throws {
        let source = RandomSpans(seed: UInt64(seed))
        let (spans, resource) = (source.spans(count: 200), source.resource())
        let sized = try OTLP.encode(spans, resource: resource, largestGuess: 0)
        #expect(try OTLP.encode(spans, resource: resource) == sized)
    }

    /// What takes the least memory before it is packed, many times: if the guess is ever too small, it is here.
    @Test func theSmallestPartsFitTheGuessedSize() throws {
        let least = Telemetry.Attribute("", .int(-1))
        var span = Samples.span(name: "", scope: "", attributes: Array(repeating: least, count: 40))
        span.status = .error("")
        span.startNanoseconds = .max
        span.endNanoseconds = .max
        span.droppedAttributes = .max
        span.events = Array(repeating: .init(name: "", nanoseconds: .max, attributes: [least]), count: 20)
        span.links = Array(repeating: .init(context: span.context, attributes: [least]), count: 20)
        span.attributes.append(.init("a", .array(Array(repeating: .bool(true), count: 100))))
        span.attributes.append(.init("m", .map(Array(repeating: least, count: 100))))
        let spans = Array(repeating: span, count: 60)
        let sized = try OTLP.encode(spans, resource: Telemetry.Resource(), largestGuess: 0)
        #expect(try OTLP.encode(spans, resource: Telemetry.Resource()) == sized)
    }

    @Test func oneTextLargerThanAnArenaBlockArrives() throws {
        let long = String(repeating: "y", count: 10 << 20)
        let span = Samples.span(attributes: [
            Telemetry.Attribute("k", .string(long)), Telemetry.Attribute("l", .int(1)),
        ])
        let body = try OTLP.encode([span], resource: Telemetry.Resource())
        #expect(try OTLP.decode(body).resourceSpans.first?.spans == [span])
    }
}
