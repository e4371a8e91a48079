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
        let words = table.lines.last?.split(separator: " ").map(String.init)
        #expect(words == ["all", "8", "3", "3", "1", "1"])
    }

    @Test func figuresStandBelowEachOther() {
        let lines = table.lines
        #expect(lines[1].hasSuffix(" 100 ms") && lines[3].hasSuffix("  16 ms"))
        #expect(Set(lines.dropLast().map(\.count)).count == 1)
    }
}
