import Testing

@testable import ContrailTelemetry

private let trace = "0af7651916cd43dd8448eb211c80319c"
private let span = "b7ad6b7169203331"

@Suite("TraceParent")
struct TraceParentTests {
    /// The header, and the flags that are kept of it.
    static let valid: [(String, UInt8)] = [
        ("00-\(trace)-\(span)-00", 0), ("00-\(trace)-\(span)-01", 1), ("00-\(trace)-\(span)-02", 2),
        ("00-\(trace)-\(span)-03", 3),
        // Unknown flags are ignored, not refused (§3.2.2.5.3).
        ("00-\(trace)-\(span)-04", 0), ("00-\(trace)-\(span)-09", 1), ("00-\(trace)-\(span)-ff", 3),
        ("00-\(trace)-\(span)-fc", 0), ("00-\(trace)-\(span)-80", 0),
        // White space around the value (RFC 9110 §5.5).
        (" 00-\(trace)-\(span)-01", 1), ("00-\(trace)-\(span)-01 ", 1), ("\t00-\(trace)-\(span)-01\t", 1),
        (" \t 00-\(trace)-\(span)-01 \t ", 1),
        // Later versions may say more behind another dash (§3.2.4).
        ("01-\(trace)-\(span)-01", 1), ("cc-\(trace)-\(span)-01", 1), ("fe-\(trace)-\(span)-01", 1),
        ("cc-\(trace)-\(span)-01-what-the-future-will-be-like", 1), ("01-\(trace)-\(span)-01-", 1),
        ("cc-\(trace)-\(span)-01-ABC\u{1}", 1), ("01-\(trace)-\(span)-ff-x", 3),
        // Only all zeros are no id.
        ("00-00000000000000000000000000000001-\(span)-01", 1), ("00-\(trace)-0000000000000001-01", 1),
        ("00-10000000000000000000000000000000-\(span)-01", 1), ("00-ffffffffffffffffffffffffffffffff-\(span)-01", 1),
        ("00-\(trace)-ffffffffffffffff-01", 1),
    ]

    static let invalid: [String] = [
        "", " ", "-", "---", "00", "00-", "00-\(trace)", "00-\(trace)-", "00-\(trace)-\(span)", "00-\(trace)-\(span)-",
        // Too short and too long.
        "00-\(trace)-\(span)-0", "00-\(trace)-\(span)-1", "00-\(trace.dropLast())-\(span)-01",
        "00-\(trace)0-\(span)-01", "00-\(trace)-\(span.dropLast())-01", "00-\(trace)-\(span)0-01",
        "0-\(trace)-\(span)-01", "000-\(trace)-\(span)-01",
        // Version 00 is exactly 55 characters.
        "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-x", "00-\(trace)-\(span)-01.", "00-\(trace)-\(span)-011",
        // A later version continues with a dash or not at all.
        "01-\(trace)-\(span)-01.", "cc-\(trace)-\(span)-01x", "cc-\(trace)-\(span)-011", "cc-\(trace)-\(span)-0",
        // Version ff does not exist, and a version is two lowercase digits.
        "ff-\(trace)-\(span)-01", "FF-\(trace)-\(span)-01", "0A-\(trace)-\(span)-01", ".0-\(trace)-\(span)-01",
        "0.-\(trace)-\(span)-01", "qw-\(trace)-\(span)-01", "-0-\(trace)-\(span)-01",
        // All zeros are no id.
        "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
        // Lowercase hexadecimal only.
        "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.uppercased())-01", "00-\(trace)-\(span)-0A",
        "00-.\(trace.dropFirst())-\(span)-01", "00-\(trace.dropLast()).-\(span)-01",
        "00-\(trace)-.\(span.dropFirst())-01",
        "00-\(trace)-\(span)-.0", "00-\(trace)-\(span)-0.", "00-\(trace)-\(span)-xy",
        "00-\(trace.dropLast())g-\(span)-01",
        // Dashes stand where they stand.
        "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01", "00\(trace)\(span)01",
        "00--\(trace)-\(span)-01",
        // Two headers joined into one, and white space inside.
        "00-\(trace)-\(span)-01,00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01, 00-\(trace)-\(span)-01",
        "00 -\(trace)-\(span)-01", "00-\(trace) -\(span)-01", "00-\(trace)-\(span)-01\n",
        "\u{0B}00-\(trace)-\(span)-01",
        // Digits that are not ASCII, and a zero byte.
        "00-\(trace)-\(span)-0１", "００-\(trace)-\(span)-01", "00-\(trace)-\(span)-0\u{0}", "é0-\(trace)-\(span)-01",
    ]

    @Test(arguments: valid) func acceptsWhatIsValid(header: String, flags: UInt8) throws {
        let context = try #require(TraceParent.parse(header))
        #expect(context.flags.rawValue == flags)
        #expect(context.isRemote)
        #expect(context.traceState.isEmpty)
    }

    @Test(arguments: invalid) func ignoresWhatIsNot(header: String) { #expect(TraceParent.parse(header) == nil) }

    @Test func tableIsLargeEnough() { #expect(Self.valid.count + Self.invalid.count >= 60) }

    @Test func readsTheIDs() throws {
        let context = try #require(TraceParent.parse("00-\(trace)-\(span)-01"))
        #expect(context.traceID.description == trace)
        #expect(context.spanID.description == span)
    }

    @Test(arguments: [
        (UInt8(0), "00"), (1, "01"), (2, "02"), (3, "03"), (0xFF, "03"), (0xFC, "00"),
    ])
    func writesVersion00AndOnlyKnownFlags(flags: UInt8, digits: String) {
        let context = makeSpanContext(Telemetry.TraceFlags(rawValue: flags))
        #expect(context.traceparent == "00-\(trace)-\(span)-\(digits)")
        #expect(context.traceparent.utf8.count == 55)
    }

    @Test func aLaterVersionGoesOnAsVersion00() throws {
        let context = try #require(TraceParent.parse("cc-\(trace)-\(span)-03-more"))
        #expect(context.traceparent == "00-\(trace)-\(span)-03")
    }

    @Test func smallNumbersAreWrittenWithLeadingZeros() {
        let context = Telemetry.SpanContext(
            traceID: Telemetry.TraceID(bits: 0, 1), spanID: Telemetry.SpanID(bits: 0xA), flags: [])
        #expect(context.traceparent == "00-00000000000000000000000000000001-000000000000000a-00")
    }

    /// Whatever arrives: no trap, and what is accepted comes out the same again.
    @Test func survivesRandomAndTruncatedInput() {
        var generator = SplitMix(state: 1)
        let whole = Array("00-\(trace)-\(span)-01".utf8)
        for _ in 0..<5000 {
            var bytes = Array(whole.prefix(Int.random(in: 0...60, using: &generator)))
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let header = String(decoding: bytes, as: UTF8.self)
            if let context = TraceParent.parse(header) {
                #expect(TraceParent.parse(context.traceparent) == context)
            }
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        let bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return bits ^ (bits >> 27)
    }
}
