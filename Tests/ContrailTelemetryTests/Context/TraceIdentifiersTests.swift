import ContrailTesting
import Testing

@testable import ContrailTelemetry

@Suite("Trace identifiers")
struct TraceIdentifiersTests {
    @Test func zeroIsNoID() {
        #expect(Telemetry.TraceID(high: 0, low: 0) == nil)
        #expect(Telemetry.SpanID(0) == nil)
        #expect(Telemetry.TraceID(bits: 0, 0) == Telemetry.TraceID(high: 0, low: 1))
        #expect(Telemetry.SpanID(bits: 0) == Telemetry.SpanID(1))
    }

    @Test func textIsReadBack() throws {
        let trace = try #require(Telemetry.TraceID(high: 1, low: 0xABC))
        #expect(trace.description == "00000000000000010000000000000abc")
        #expect(Telemetry.TraceID(hex: trace.description) == trace)
        let span = try #require(Telemetry.SpanID(0xABC))
        #expect(span.description == "0000000000000abc")
        #expect(Telemetry.SpanID(hex: span.description) == span)
    }

    @Test(arguments: ["", "1", "0000000000000000", "0000000000000ABC", "0000000000000abc0", "000000000000 abc"])
    func otherTextIsNoSpanID(text: String) { #expect(Telemetry.SpanID(hex: text) == nil) }

    @Test(arguments: ["", "0000000000000abc", "00000000000000000000000000000000", "0000000000000001000000000000000G"])
    func otherTextIsNoTraceID(text: String) { #expect(Telemetry.TraceID(hex: text) == nil) }
}

@Suite("RandomIDGenerator")
struct RandomIDGeneratorTests {
    @Test func idsDiffer() {
        let generator = Telemetry.RandomIDGenerator()
        #expect(Set((0..<10_000).map { _ in generator.makeSpanID() }).count == 10_000)
        #expect(Set((0..<10_000).map { _ in generator.makeTraceID() }).count == 10_000)
    }

    @Test func idsDifferBetweenGenerators() {
        let (a, b) = (Telemetry.RandomIDGenerator(), Telemetry.RandomIDGenerator())
        let ids = (0..<1000).flatMap { _ in [a.makeSpanID(), b.makeSpanID()] }
        #expect(Set(ids).count == 2000)
    }

    @Test func idsDifferBetweenThreads() async {
        let generator = Telemetry.RandomIDGenerator()
        let ids = await withTaskGroup(of: [Telemetry.SpanID].self) { group in
            for _ in 0..<8 { group.addTask { (0..<5000).map { _ in generator.makeSpanID() } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(ids).count == 40_000)
    }

    @Test func sameSeedSameIDs() {
        let a = Telemetry.RandomIDGenerator(random: SeededRandom(seed: 5))
        let b = Telemetry.RandomIDGenerator(random: SeededRandom(seed: 5))
        for _ in 0..<100 {
            #expect(a.makeSpanID() == b.makeSpanID())
            #expect(a.makeTraceID() == b.makeTraceID())
        }
    }

    /// Each of the 56 low bits has to be random (W3C Trace Context Level 2 §3.2.2.3.1): set in about half of the ids.
    @Test func everyBitIsBalanced() {
        let generator = Telemetry.RandomIDGenerator(random: SeededRandom(seed: 9))
        let ids = (0..<4000).map { _ in generator.makeTraceID() }
        for bit in 0..<64 {
            let low = ids.count { $0.low >> UInt64(bit) & 1 == 1 }
            let high = ids.count { $0.high >> UInt64(bit) & 1 == 1 }
            #expect((1800...2200).contains(low) && (1800...2200).contains(high))
        }
        #expect(generator.makesRandomTraceIDs)
    }
}
