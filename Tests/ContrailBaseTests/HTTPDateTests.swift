import ContrailBase
import Testing

@Suite struct HTTPDateTests {
    /// 2026-11-22 12:00:00 UTC.
    private let now: Int64 = 1_795_348_800

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 946_684_800),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
    ])
    func readsAllThreeForms(text: String, seconds: Int64) {
        #expect(HTTPDate.seconds(text, now: now) == seconds)
    }

    @Test(arguments: [("76", 2076), ("77", 1977), ("26", 2026), ("99", 1999), ("00", 2000)])
    func takesATwoDigitYearAsAtMostFiftyYearsAhead(short: String, year: Int) {
        let expected = HTTPDate.seconds("Fri, 01 Jan \(year) 00:00:00 GMT", now: now)
        #expect(HTTPDate.seconds("Friday, 01-Jan-\(short) 00:00:00 GMT", now: now) == expected)
        #expect(expected != nil)
    }

    @Test(arguments: [
        "", "soon", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49 GMT", "Foo, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 19940 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
        "Thu, 29 Feb 2023 00:00:00 GMT", "Thu, 29 Feb 1900 00:00:00 GMT", "Sun, 06 Nov 0000 08:49:37 GMT",
    ])
    func refusesWhatIsNoDate(text: String) {
        #expect(HTTPDate.seconds(text, now: now) == nil)
    }
}
