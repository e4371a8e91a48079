import CallChain
import Testing

@Suite struct WaterfallTests {
    private func lines(_ spans: [ChainSpan], colour: Bool = false) -> [String] {
        // 130 columns leave exactly 40 for the bars: 2.5 ms each.
        Waterfall(spans: spans, style: Style(width: 130, colour: colour)).lines
    }

    private func bar(_ line: String) -> String { String(line.dropFirst(90)) }

    @Test func drawsARowPerSpanInTheOrderOfTheCalls() {
        let rows = lines(Fixture.spans).dropFirst().dropLast()
        #expect(
            rows.map { $0.prefix(16).filter { $0 != " " } }.joined(separator: " ")
                == "visitor visitor gateway gateway gateway pricing gateway pricing")
        #expect(rows.map { $0.dropFirst(17).prefix { $0 == " " }.count } == [0, 1, 2, 3, 4, 5, 4, 5])
    }

    @Test func barsAreToScaleAndWaitsShow() {
        let rows = lines(Fixture.spans).dropFirst().dropLast().map { bar($0) }
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
        var spans = Fixture.spans
        spans[3].permitWait = 0
        #expect(bar(lines(spans)[4]).hasPrefix("    ────────░"))
    }

    @Test func saysStatusSendAndWaits() {
        let rows = lines(Fixture.spans)
        #expect(rows[4].contains("ok  2 sends  ░ 40.0 ms  ▒ 10.0 ms "))
        #expect(rows[5].contains("503"))
        #expect(rows[7].contains("200  send 2"))
    }

    @Test func aSpanTooShortToSeeGetsOneCell() {
        var spans = Fixture.spans
        spans[7].start = 100_000_000
        spans[7].end = 100_000_000
        #expect(bar(lines(spans)[8]) == String(repeating: " ", count: 39) + "█")
    }

    @Test func noRowIsWiderThanTheTerminal() {
        for width in [130, 160, 200] {
            let waterfall = Waterfall(spans: Fixture.spans, style: Style(width: width, colour: false))
            #expect(waterfall.lines.allSatisfy { $0.count <= width })
        }
    }

    @Test func drawsABrokenTraceToo() {
        var spans = Fixture.spans
        spans[3].parentID = Fixture.id(99)
        #expect(lines(spans).count == spans.count + 2)
        spans[0].parentID = Fixture.id(2)
        #expect(lines(spans).count < spans.count + 2, "a circle of parents hangs under nothing")
        #expect(lines([]).count == 2)
    }

    @Test func coloursOnlyIfAsked() {
        #expect(!lines(Fixture.spans).joined().contains("\u{1B}"))
        #expect(lines(Fixture.spans, colour: true).joined().contains("\u{1B}[31m"))
    }
}
