import CallChain
import Testing

@Suite struct ServiceTableTests {
    private let table = ServiceTable(spans: Fixture.spans, requests: Fixture.requests)

    @Test func countsPerServiceInTheOrderOfTheCalls() throws {
        #expect(table.rows.map(\.service) == ["visitor", "gateway", "pricing"])
        let gateway = table.rows[1]
        #expect([gateway.spans, gateway.received, gateway.sends, gateway.retries, gateway.errors] == [4, 1, 2, 1, 1])
    }

    @Test func timesAreOfWhatAServiceDidForOthers() {
        #expect(table.rows.map(\.p50) == [100, 80, 6])
        #expect(table.rows.map(\.longest) == [100, 80, 16])
    }

    @Test func sumsUpAtTheBottom() {
        let words = table.lines(style: Style(width: 120, colour: false)).last?.split(separator: " ").map(String.init)
        #expect(words == ["all", "8", "3", "3", "1", "1"])
    }
}

@Suite struct TextTests {
    @Test(arguments: [
        (0.0, "0.00 ms"), (0.42, "0.42 ms"), (1.04, "1.0 ms"), (12.34, "12.3 ms"), (312.4, "312 ms"),
        (1530.0, "1.53 s"), (-1.0, "0.00 ms"),
    ])
    func millisecondsAreReadable(_ value: Double, _ text: String) {
        #expect(readable(milliseconds: value) == text)
    }

    @Test func cellsHaveExactlyTheirWidth() {
        #expect("pricing".padded(to: 9) == "pricing  ")
        #expect("recommendations".padded(to: 5) == "reco…")
        #expect("7".leftPadded(to: 3) == "  7")
    }
}
