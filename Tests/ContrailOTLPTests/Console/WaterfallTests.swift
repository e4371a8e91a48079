import ContrailTelemetry
import Testing

@testable import ContrailOTLP

/// A small chain by hand: a visitor asks a gateway; the gateway asks pricing, is told 503, backs off and asks again.
private enum Chain {
    /// Times are in milliseconds.
    static func span(
        _ number: UInt64, under parent: UInt64?, _ service: String, _ kind: Telemetry.SpanData.Kind, _ name: String,
        from start: UInt64, to end: UInt64, _ attributes: [Telemetry.Attribute] = []
    ) -> TraceSpan {
        var span = Samples.span(name: name, attributes: attributes)
        if let id = Telemetry.SpanID(number) { span.context.spanID = id }
        span.parentSpanID = parent.flatMap { Telemetry.SpanID($0) }
        span.kind = kind
        span.startNanoseconds = start * 1_000_000
        span.endNanoseconds = end * 1_000_000
        return TraceSpan(span, resource: Telemetry.Resource(attributes: [.init("service.name", .string(service))]))
    }

    static func spans(parentOfThird: UInt64? = 2, parentOfFirst: UInt64? = nil, permitWait: Double = 0.010)
        -> [TraceSpan]
    {
        [
            span(1, under: parentOfFirst, "visitor", .internal, "GET", from: 0, to: 100),
            span(2, under: 1, "visitor", .client, "GET", from: 0, to: 100),
            span(3, under: parentOfThird, "gateway", .server, "/gateway", from: 10, to: 90),
            span(
                4, under: 3, "gateway", .internal, "GET", from: 10, to: 90,
                [
                    .init("contrail.attempts", .int(2)), .init("contrail.wait.backoff", .double(0.040)),
                    .init("contrail.wait.permit", .double(permitWait)),
                ]),
            span(
                5, under: 4, "gateway", .client, "GET", from: 20, to: 30,
                [.init("http.response.status_code", .int(503)), .init("error.type", .string("503"))]),
            span(
                6, under: 4, "gateway", .client, "GET", from: 70, to: 90,
                [.init("http.response.status_code", .int(200)), .init("http.request.resend_count", .int(1))]),
            span(7, under: 5, "pricing", .server, "/pricing", from: 22, to: 28),
            span(8, under: 6, "pricing", .server, "/pricing", from: 72, to: 88),
        ]
    }
}

@Suite struct WaterfallTests {
    // What the text columns of the chain take, so that 40 are left for the bars: 2.5 ms each.
    private let textWidth = 8 + 16 + 34 + 8

    private func lines(_ spans: [TraceSpan], colour: Bool = false) -> [String] {
        Waterfall(spans: spans, style: TextStyle(width: textWidth + 40, colour: colour)).lines
    }

    private func bar(_ line: String) -> String { String(line.dropFirst(textWidth)) }

    @Test func drawsARowPerSpanInTheOrderOfTheCalls() {
        let rows = lines(Chain.spans()).dropFirst().dropLast(2)
        #expect(
            rows.map { $0.prefix(8).filter { $0 != " " } }.joined(separator: " ")
                == "visitor visitor gateway gateway gateway pricing gateway pricing")
        #expect(rows.map { $0.dropFirst(8).prefix { $0 == " " }.count } == [0, 1, 2, 3, 4, 5, 4, 5])
    }

    @Test func barsAreToScaleAndWaitsShow() {
        let rows = lines(Chain.spans()).dropFirst().dropLast(2).map { bar($0) }
        #expect(
            rows == [
                String(repeating: "─", count: 40),
                String(repeating: "━", count: 40),
                String(repeating: " ", count: 4) + String(repeating: "█", count: 32),
                "    ▒▒▒▒────░░░░░░░░░░░░░░░░────────",
                "        ━━━━",
                "        ███",
                "                            ━━━━━━━━",
                "                            ███████",
            ])
    }

    @Test func aCallThatDidNotWaitForAPermitShowsNone() {
        #expect(!lines(Chain.spans(permitWait: 0)).dropLast().joined().contains("▒"))
    }

    @Test func saysStatusSendAndWaits() {
        let rows = lines(Chain.spans())
        #expect(rows[4].contains("ok  2 sends  ░ 40.0 ms  ▒ 10.0 ms "))
        #expect(rows[5].contains("503"))
        #expect(rows[7].contains("200  send 2"))
    }

    @Test func aSpanTooShortToSeeGetsOneCell() {
        let end = Chain.span(8, under: 6, "pricing", .server, "/pricing", from: 100, to: 100)
        #expect(bar(lines(Chain.spans().dropLast() + [end])[8]) == String(repeating: " ", count: 39) + "█")
    }

    @Test(arguments: [106, 130, 200])
    func noRowIsWiderThanTheTerminal(width: Int) {
        let waterfall = Waterfall(spans: Chain.spans(), style: TextStyle(width: width, colour: false))
        #expect(waterfall.lines.allSatisfy { $0.count <= width })
    }

    @Test func drawsABrokenTraceToo() {
        #expect(lines(Chain.spans(parentOfThird: 99)).count == 8 + 3)
        // A circle of parents hangs under nothing.
        #expect(lines(Chain.spans(parentOfFirst: 2)).count < 8 + 3)
        #expect(lines([]).count == 3)
    }

    @Test func coloursOnlyIfAsked() {
        #expect(!lines(Chain.spans()).joined().contains("\u{1B}"))
        #expect(lines(Chain.spans(), colour: true).joined().contains("\u{1B}[31m"))
    }

    @Test func whateverTheClocksSaidItIsDrawn() {
        for seed in 0..<50 {
            let source = RandomSpans(seed: UInt64(seed))
            let resource = source.resource()
            var spans = source.spans(count: 8)
            spans[0].startNanoseconds = [0, .max, 1][seed % 3]
            spans[0].endNanoseconds = .max
            if seed.isMultiple(of: 7) { spans = [spans[0]] }
            #expect(lines(spans.map { TraceSpan($0, resource: resource) }).count >= 3)
            for span in spans { #expect(!SpanLine.text(span, resource: resource).contains { $0.isNewline }) }
        }
    }
}
