import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct HedgeSessionTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func expectHedge(_ session: inout HedgeSession, hasBudget: Bool, made: Bool) {
        let isMade = session.hedgeIsDue { hasBudget }
        #expect(isMade == made)
    }

    @Test func theFirstGoodAnswerWinsAndNoneAfterIt() {
        var session = HedgeSession(delay: .milliseconds(100), maxExtraSends: 1)
        #expect(session.nextHedge(after: start) == start + .milliseconds(100))
        expectHedge(&session, hasBudget: true, made: true)
        #expect(session.nextHedge(after: start) == nil)
        #expect(session.ended(.success) == .win)
        #expect(session.ended(.success) == .wait)
    }

    @Test func aFailureThatMayPassWaitsForTheOther() {
        var session = HedgeSession(delay: .milliseconds(1), maxExtraSends: 1)
        expectHedge(&session, hasBudget: true, made: true)
        #expect(session.ended(.transient) == .wait)
        #expect(session.ended(.transient) == .finish)
    }

    @Test func anAnswerThatCannotBeImprovedCountsAtOnce() {
        var session = HedgeSession(delay: .milliseconds(1), maxExtraSends: 2)
        expectHedge(&session, hasBudget: true, made: true)
        #expect(session.ended(.final) == .win)
        expectHedge(&session, hasBudget: true, made: false)
    }

    /// Without budget the hedge is not made; what is under way is not touched.
    @Test func anEmptyBudgetOnlySuppressesTheHedge() {
        var session = HedgeSession(delay: .milliseconds(1), maxExtraSends: 1)
        expectHedge(&session, hasBudget: false, made: false)
        #expect(session.nextHedge(after: start) == nil)
        #expect(session.ended(.success) == .win)
    }

    @Test func aServerThatAsksToWaitGetsNoHedge() {
        var session = HedgeSession(delay: .milliseconds(1), maxExtraSends: 2)
        expectHedge(&session, hasBudget: true, made: true)
        #expect(session.ended(.throttled, serverAsksToWait: true) == .wait)
        expectHedge(&session, hasBudget: true, made: false)
        #expect(session.nextHedge(after: start) == nil)
    }

    /// In any order exactly one answer is handed up.
    @Test(arguments: 0..<1_000) func exactlyOneAnswerCounts(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        var session = HedgeSession(delay: .milliseconds(1), maxExtraSends: Int(random.next() % 4))
        var (underWay, decided) = (1, 0)
        while underWay > 0 {
            if random.next() % 3 == 0, session.hedgeIsDue(hasBudget: { random.next() % 4 > 0 }) { underWay += 1 }
            let outcome = OutcomeClass.allCases[Int(random.next() % UInt64(OutcomeClass.allCases.count))]
            underWay -= 1
            if session.ended(outcome) != .wait { decided += 1 }
            if decided > 0 { expectHedge(&session, hasBudget: true, made: false) }
        }
        #expect(decided == 1)
    }
}

@Suite struct LatencyHistogramTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func expect(
        _ histogram: inout LatencyHistogram, _ share: Double, at now: MonotonicInstant, tells: Bool
    ) {
        let told = histogram.percentile(share, at: now)
        #expect((told != nil) == tells)
    }

    @Test func tellsAPercentileWithinAnEighthOfADoubling() throws {
        var histogram = LatencyHistogram()
        for milliseconds in 1...1_000 { histogram.record(.milliseconds(milliseconds), at: start) }
        for (share, expected) in [(0.5, 0.5), (0.9, 0.9), (0.99, 0.99)] {
            let told = histogram.percentile(share, at: start)
            #expect((expected...expected * 1.1).contains(try #require(told).inSeconds))
        }
    }

    @Test func tellsNothingBeforeEnoughAnswers() {
        var histogram = LatencyHistogram()
        for _ in 0..<99 { histogram.record(.milliseconds(1), at: start) }
        expect(&histogram, 0.5, at: start, tells: false)
        histogram.record(.milliseconds(1), at: start)
        expect(&histogram, 0.5, at: start, tells: true)
    }

    @Test func forgetsAfterAMinute() {
        var histogram = LatencyHistogram()
        for _ in 0..<200 { histogram.record(.milliseconds(1), at: start) }
        expect(&histogram, 0.5, at: start + .seconds(59), tells: true)
        expect(&histogram, 0.5, at: start + .seconds(120), tells: false)
    }

    @Test func anyTimeHasItsPlace() {
        var histogram = LatencyHistogram()
        for _ in 0..<200 {
            for time in [Duration.zero, .seconds(-1), .nanoseconds(1), .seconds(Int64.max)] {
                histogram.record(time, at: start)
            }
        }
        expect(&histogram, 1, at: start, tells: false)
        expect(&histogram, .nan, at: start, tells: false)
    }
}
