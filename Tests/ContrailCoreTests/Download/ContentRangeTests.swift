import Testing

@testable import ContrailCore

@Suite struct ContentRangeTests {
    @Test(
        arguments: [
            ("bytes 0-9/10", ContentRange.part(first: 0, last: 9, total: 10)),
            ("bytes 5-5/*", .part(first: 5, last: 5, total: nil)),
            ("BYTES 5-9/100", .part(first: 5, last: 9, total: 100)), ("bytes */10", .unsatisfied(total: 10)),
            ("bytes */*", nil), ("bytes 9-5/10", nil), ("bytes 0-10/10", nil), ("items 0-9/10", nil),
            ("bytes 0-9", nil),
            ("bytes=0-9/10", nil), ("bytes -9/10", nil), ("bytes 0-/10", nil), ("bytes 0-9/10/11", nil),
            ("bytes +1-9/10", nil),
            ("bytes 0-9/99999999999999999999", nil), ("", nil), ("bytes", nil), ("bytes  0-9/10", nil),
        ] as [(String, ContentRange?)])
    func readsOnlyWhatIsClear(text: String, expected: ContentRange?) {
        #expect(ContentRange(text) == expected)
    }
}
