import CallChain
import Testing

@Suite struct WaterfallTests {
    private func lines(_ spans: [ChainSpan], colour: Bool = false) -> [String] {
        Waterfall(spans: spans, style: Style(width: textWidth + 40, colour: colour)).lines
    }

    // What the text columns of the fixture take, so that 40 are left for the bars: 2.5 ms each.
    private let textWidth = 8 + 16 + 34 + 8

    private func bar(_ line: String) -> String { String(line.dropFirst(textWidth)) }

    @Test func drawsARowPerSpanInTheOrderOfTheCalls() {
        let rows = lines(Fixture.spans).dropFirst().dropLast(2)
        #expect(
            rows.map { $0.prefix(8).filter { $0 != " " } }.joined(separator: " ")
                == "visitor visitor gateway gateway gateway pricing gateway pricing")
        #expect(rows.map { $0.dropFirst(8).prefix { $0 == " " }.count } == [0, 1, 2, 3, 4, 5, 4, 5])
    }

    @Test func barsAreToScaleAndWaitsShow() {
        let rows = lines(Fixture.spans).dropFirst().dropLast(2).map { bar($0) }
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
        #expect(!lines(spans).dropLast().joined().contains("▒"))
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
        for width in [106, 130, 200] {
            let waterfall = Waterfall(spans: Fixture.spans, style: Style(width: width, colour: false))
            #expect(waterfall.lines.allSatisfy { $0.count <= width })
        }
    }

    @Test func drawsABrokenTraceToo() {
        var spans = Fixture.spans
        spans[3].parentID = Fixture.id(99)
        #expect(lines(spans).count == spans.count + 3)
        spans[0].parentID = Fixture.id(2)
        #expect(lines(spans).count < spans.count + 3, "a circle of parents hangs under nothing")
        #expect(lines([]).count == 3)
    }

    @Test func coloursOnlyIfAsked() {
        #expect(!lines(Fixture.spans).joined().contains("\u{1B}"))
        #expect(lines(Fixture.spans, colour: true).joined().contains("\u{1B}[31m"))
    }
}
