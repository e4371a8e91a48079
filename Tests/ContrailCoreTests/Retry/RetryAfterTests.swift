import ContrailBase
import Testing

@testable import ContrailCore

@Suite struct RetryAfterTests {
    /// 2026-11-22 12:00:00.5 UTC.
    private let wall: Int64 = 1_795_348_800_500_000_000

    @Test(arguments: [
        ("0", Duration.zero), ("120", .seconds(120)), ("99999999999999999999", .seconds(Int64.max)),
        ("Sun, 22 Nov 2026 12:00:10 GMT", .milliseconds(9_500)), ("Sun, 22 Nov 2026 11:00:00 GMT", .zero),
    ])
    func secondsAndDatesAreRead(field: String, delay: Duration) {
        #expect(RetryAfter.delay(field, wallNanoseconds: wall) == delay)
    }

    @Test(arguments: ["", "-1", "1.5", "soon", "+3", "1 2"])
    func anythingElseIsNoWait(field: String) {
        #expect(RetryAfter.delay(field, wallNanoseconds: wall) == nil)
    }
}
