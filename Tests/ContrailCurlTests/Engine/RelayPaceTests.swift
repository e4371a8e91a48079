import ContrailBase
import Testing

@testable import ContrailCurl

@Suite struct RelayPaceTests {
    private static func at(_ milliseconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000 + Int64(milliseconds * 1e6))
    }

    @Test(arguments: [(0, false), (1, false), (2, true), (500, true)])
    func severalAtOnceAreLeftToTheRelay(count: Int, leaves: Bool) {
        #expect(RelayPace().leavesToRelay(count, at: Self.at(0)) == leaves)
    }

    @Test func whatItBeginsWithInTimeIsDone() {
        var pace = RelayPace()
        pace.handedOver(at: Self.at(0))
        #expect(pace.isWaiting)
        #expect(pace.deadline == Self.at(1))
        let isLate = pace.isLate(at: Self.at(0.9))
        #expect(!isLate)
        pace.hasBegun()
        #expect(!pace.isWaiting && pace.deadline == nil)
        #expect(pace.leavesToRelay(2, at: Self.at(1)))
    }

    @Test func whatItIsLateWithIsTakenBackAndItRests() {
        var pace = RelayPace()
        pace.handedOver(at: Self.at(0))
        let isLate = pace.isLate(at: Self.at(1))
        #expect(isLate && !pace.isWaiting && pace.deadline == nil)
        #expect(!pace.leavesToRelay(9, at: Self.at(1)))
        #expect(!pace.leavesToRelay(9, at: Self.at(100.9)))
        #expect(pace.leavesToRelay(9, at: Self.at(101)))
    }

    /// A second batch does not give the first more time.
    @Test func itsTimeRunsFromTheFirstBatchItHasNotBegunWith() {
        var pace = RelayPace()
        pace.handedOver(at: Self.at(0))
        pace.handedOver(at: Self.at(0.8))
        #expect(pace.deadline == Self.at(1))
    }

    @Test func nothingIsLateThatWasNotHandedOver() {
        var pace = RelayPace()
        let isLate = pace.isLate(at: Self.at(5))
        #expect(!isLate && pace.leavesToRelay(2, at: Self.at(5)))
    }
}
