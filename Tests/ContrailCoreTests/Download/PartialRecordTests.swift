import Testing

@testable import ContrailCore

@Suite struct PartialRecordTests {
    private func url(_ text: String) throws -> RequestURL { try RequestURL(text) }

    @Test func readsWhatItWrote() throws {
        let url = try url("http://a.test/f?token=s3cret")
        for total in [nil, 7] as [Int64?] {
            let record = PartialRecord(url: url, validator: "\"v1\"", total: total)
            #expect(PartialRecord(record.text, for: url) == record)
            #expect(!record.text.contains("s3cret"))
        }
    }

    @Test func anotherURLIsAnotherFile() throws {
        let record = PartialRecord(url: try url("http://a.test/f"), validator: "\"v1\"", total: nil)
        #expect(PartialRecord(record.text, for: try url("http://a.test/g")) == nil)
    }

    @Test func whatIsCutOffIsNone() throws {
        let url = try url("http://a.test/f")
        let text = PartialRecord(url: url, validator: "\"v1\"", total: 7).text
        for count in 0..<text.utf8.count { #expect(PartialRecord(String(text.prefix(count)), for: url) == nil) }
    }
}
