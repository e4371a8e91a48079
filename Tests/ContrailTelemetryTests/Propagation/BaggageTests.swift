import Testing
import Tracing

@testable import ContrailTelemetry

@Suite("Baggage")
struct BaggageTests {
    private func sent(_ baggage: Telemetry.Baggage) -> String? {
        var context = ServiceContext.topLevel
        context.baggage = baggage
        var headers: [String: String] = [:]
        Telemetry.BaggagePropagator().inject(context, into: &headers, using: HeaderCarrier())
        return headers["baggage"]
    }

    private func baggage(_ entries: [(String, String)]) -> Telemetry.Baggage {
        var baggage = Telemetry.Baggage()
        for (name, value) in entries { baggage[name] = value }
        return baggage
    }

    @Test func namesAreUniqueAndKeepTheirPlace() {
        var baggage = baggage([("a", "1"), ("b", "2"), ("a", "3"), ("", "x")])
        #expect(baggage.entries == [.init(name: "a", value: "3"), .init(name: "b", value: "2")])
        #expect(baggage["a"] == "3" && baggage["c"] == nil)
        baggage["a"] = nil
        #expect(baggage.entries.map(\.name) == ["b"])
        baggage.remove("b")
        #expect(baggage.isEmpty)
    }

    @Test func everyTextTravelsAsAValue() {
        let text = "\t \"';=asdf!@#$%^&*(),\\ äöü 你😀 \u{0}\r\n"
        let parsed = sent(baggage([("k", text)])).map { BaggageHeader.parse($0) }
        #expect(parsed?["k"] == text)
    }

    /// The published example, decoded (W3C Baggage, test suite).
    @Test func decodesThePublishedExample() {
        let header = "SomeKey \t = \t %09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29 \t "
        #expect(BaggageHeader.parse(header).entries == [.init(name: "SomeKey", value: "\t \"';=asdf!@#$%^&*()")])
    }

    @Test func metadataIsKeptAsItCame() {
        let parsed = BaggageHeader.parse("k=v; a ;b = c,x=y")
        #expect(parsed.entries.map(\.metadata) == ["a ;b = c", ""])
        #expect(sent(parsed) == "k=v;a ;b = c,x=y")
    }

    @Test func whatCouldBreakTheHeaderOpenIsNotSent() {
        var baggage = Telemetry.Baggage()
        baggage.set(.init(name: "a\r\nx-evil", value: "1"))
        baggage.set(.init(name: "a b", value: "1"))
        baggage.set(.init(name: "k", value: "v", metadata: "p\r\nx-evil: 1"))
        baggage.set(.init(name: "l", value: "v", metadata: "p,q=1"))
        #expect(sent(baggage) == "k=v,l=v")
    }

    @Test func wholeEntriesBeyondTheLimitsStay() {
        #expect(sent(baggage((0..<70).map { ("k\($0)", "v") }))?.split(separator: ",").count == 64)
        let long = baggage([("a", "1"), ("b", String(repeating: "x", count: 8185)), ("c", "3"), ("d", "4")])
        let header = sent(long)
        #expect(header?.utf8.count == 8191)
        #expect(header?.hasPrefix("a=1,b=x") == true && header?.hasSuffix("x") == true)
    }

    @Test func noMoreThanTheLimitIsRead() {
        let header = (0..<1000).map { "k\($0)=v" }.joined(separator: ",")
        #expect(BaggageHeader.parse(header).entries.map(\.name) == (0..<64).map { "k\($0)" })
        // Members that are not valid count too: reading them is work.
        #expect(BaggageHeader.parse(String(repeating: "x,", count: 64) + "k=v").isEmpty)
        #expect(BaggageHeader.parse(String(repeating: "x,", count: 63) + "k=v")["k"] == "v")
    }

    /// Jaeger's form of baggage states no limits; those of W3C hold.
    @Test func jaegersBaggageIsBoundedBothWays() {
        var context = ServiceContext.topLevel
        context.baggage = baggage((0..<70).map { ("k\($0)", "v") } + [("long", String(repeating: "x", count: 9000))])
        var sent: [Telemetry.HeaderList.Field] = []
        Telemetry.JaegerPropagator().inject(context, into: &sent, using: Telemetry.HeaderList())
        #expect(sent.map(\.name) == (0..<64).map { "uberctx-k\($0)" })
        let long: [Telemetry.HeaderList.Field] = [
            ("uberctx-long", String(repeating: "x", count: 9000)), ("uberctx-a", "1"),
        ]
        var read = ServiceContext.topLevel
        let many = long + (0..<70).map { ("uberctx-k\($0)", "v") }
        Telemetry.JaegerPropagator().extract(many, into: &read, using: Telemetry.HeaderList())
        #expect(read.baggage?.entries.map(\.name) == ["a"] + (0..<63).map { "k\($0)" })
    }

    @Test func aNameThatIsNoHeaderNameIsNotSentAsOne() {
        var context = ServiceContext.topLevel
        context.baggage = baggage([("a\r\nx-evil", "1"), ("a b", "1"), ("ü", "1"), ("ok", "\r\nx: y")])
        var sent: [Telemetry.HeaderList.Field] = []
        Telemetry.JaegerPropagator().inject(context, into: &sent, using: Telemetry.HeaderList())
        #expect(sent.map(\.name) == ["uberctx-ok"] && sent.map(\.value) == ["%0D%0Ax%3A%20y"])
    }

    @Test func withoutBaggageNothingIsSent() {
        #expect(sent(Telemetry.Baggage()) == nil)
        #expect(sent(baggage([("ü", "1")])) == nil)
    }

    @Test func aHeaderWithoutAValidEntryChangesNothing() {
        var context = ServiceContext.topLevel
        context.baggage = baggage([("a", "1")])
        Telemetry.BaggagePropagator().extract(["baggage": "nonsense"], into: &context, using: HeaderCarrier())
        Telemetry.BaggagePropagator().extract([:], into: &context, using: HeaderCarrier())
        #expect(context.baggage?["a"] == "1")
    }

    @Test func aSpansContextCarriesTheBaggageOn() {
        var context = ServiceContext.topLevel
        context.baggage = baggage([("a", "1")])
        let tracer = Fixture().tracer
        let child = tracer.startSpan("child", in: tracer.startSpan("x", in: context).context)
        var headers: [String: String] = [:]
        tracer.inject(child.context, into: &headers, using: HeaderCarrier())
        #expect(headers == ["traceparent": child.spanContext.traceparent, "baggage": "a=1"])
    }

    @Test func whatItLetsThroughItLetsThroughAgain() {
        var generator = SplitMix(state: 3)
        let alphabet = Array("ab1=,; %2C\t\"\\\u{1}é".utf8)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &generator)]
            }
            let once = BaggageHeader.parse(String(decoding: bytes, as: UTF8.self))
            guard let header = BaggageHeader.format(once) else {
                #expect(once.isEmpty)
                continue
            }
            #expect(header.utf8.allSatisfy { $0 == 9 || (0x20...0x7E).contains($0) })
            #expect(BaggageHeader.parse(header) == once)
        }
    }
}
