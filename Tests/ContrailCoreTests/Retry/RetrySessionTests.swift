import ContrailBase
import Testing

@testable import ContrailCore

@Suite struct RetrySessionTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func session(
        _ policy: RetryPolicy = .standard, idempotent: Bool = true, deadline: Duration? = nil
    ) -> RetrySession {
        RetrySession(policy: policy, isIdempotent: idempotent, deadline: deadline.map { start + $0 })
    }

    @Test(arguments: [OutcomeClass.success, .final])
    func finishesWhatAnotherSendCannotImprove(outcome: OutcomeClass) {
        var session = session()
        #expect(session.decide(after: outcome, isStaleConnection: false, at: start, unit: 0.5) == .finish)
    }

    @Test(arguments: [OutcomeClass.ambiguous, .throttled, .transient])
    func neverRepeatsWhatTheServerMayHaveActedUpon(outcome: OutcomeClass) {
        var session = session(idempotent: false)
        #expect(session.decide(after: outcome, isStaleConnection: false, at: start, unit: 0) == .refuse(.notIdempotent))
    }

    @Test func repeatsAnyRequestThatWasNotSent() {
        var session = session(idempotent: false)
        #expect(
            session.decide(after: .notSent, isStaleConnection: false, at: start, unit: 0.5)
                == .retry(after: .milliseconds(25)))
    }

    @Test func stopsAfterTheLastAttempt() {
        var session = session()
        for _ in 0..<2 {
            #expect(
                session.decide(after: .transient, isStaleConnection: false, at: start, unit: 0) == .retry(after: .zero))
        }
        #expect(
            session.decide(after: .transient, isStaleConnection: false, at: start, unit: 0) == .refuse(.attemptsUsed))
    }

    @Test func neverRepeatsWhenToldNever() {
        var session = session(.never)
        #expect(
            session.decide(after: .ambiguous, isStaleConnection: true, at: start, unit: 0) == .refuse(.attemptsUsed))
    }

    @Test func staleConnectionIsRepeatedOnceForFree() {
        var session = session()
        #expect(
            session.decide(after: .ambiguous, isStaleConnection: true, at: start, unit: 0.5) == .retry(after: .zero))
        let delays = (0..<3).map { _ in session.decide(after: .ambiguous, isStaleConnection: true, at: start, unit: 0.5)
        }
        #expect(delays == [.retry(after: .milliseconds(25)), .retry(after: .milliseconds(50)), .refuse(.attemptsUsed)])
    }

    @Test func staleConnectionOfAPostIsNotRepeated() {
        var session = session(idempotent: false)
        #expect(
            session.decide(after: .ambiguous, isStaleConnection: true, at: start, unit: 0) == .refuse(.notIdempotent))
    }

    @Test(arguments: [OutcomeClass.notSent, .ambiguous, .transient, .throttled], [true, false])
    func aBodyThatIsGoneIsNotSentAgain(outcome: OutcomeClass, isStale: Bool) {
        var session = session()
        #expect(
            session.decide(after: outcome, isStaleConnection: isStale, canSendBody: false, at: start, unit: 0)
                == .refuse(.bodyNotReplayable))
    }

    @Test func doesNotSleepInVain() {
        var session = session(deadline: .milliseconds(34))
        #expect(session.decide(after: .transient, isStaleConnection: false, at: start, unit: 0.5) == .refuse(.deadline))
        var longer = self.session(deadline: .milliseconds(35))
        #expect(
            longer.decide(after: .transient, isStaleConnection: false, at: start, unit: 0.5)
                == .retry(after: .milliseconds(25)))
    }
}

@Suite struct BackOffTests {
    /// The waits with `unit` 1, as in the AWS SDKs' retry behaviour of 2026.
    @Test func doublesUpToTheCap() {
        let waits = (0..<11).map { BackOff().delay(retry: $0, class: .transient, unit: 1).inSeconds }
        #expect(waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20])
    }

    @Test func throttledStartsAtOneSecond() {
        #expect(BackOff().delay(retry: 0, class: .throttled, unit: 1) == .seconds(1))
    }

    @Test(arguments: [0, 1, 31, 62, 63, 64, 1_000, Int.max, Int.min])
    func staysInRangeForEveryRetry(retry: Int) {
        for unit in [0, 0.25, 0.999_999] {
            let delay = BackOff().delay(retry: retry, class: .transient, unit: unit)
            #expect(delay >= .zero && delay <= .seconds(20))
        }
    }
}

@Suite struct AbsurdBackOffTests {
    @Test func noValueOverflows() {
        var backOff = BackOff()
        backOff.throttledBase = .seconds(Int64.max)
        backOff.cap = .seconds(Int64.max)
        backOff.transientBase = .seconds(Int64.min)
        for retry in [0, 1, 62, 100] {
            #expect(backOff.delay(retry: retry, class: .throttled, unit: 0.999) > .zero)
            #expect(backOff.delay(retry: retry, class: .transient, unit: 0.999) == .zero)
        }
    }
}

@Suite struct OutcomeClassTests {
    @Test(arguments: [
        (200, OutcomeClass.success), (304, .success), (400, .final), (404, .final), (408, .transient), (413, .final),
        (429, .throttled), (500, .transient), (501, .final), (502, .transient), (503, .throttled), (504, .transient),
        (505, .final),
    ])
    func statuses(code: Int, expected: OutcomeClass) {
        #expect(OutcomeClass.of(status: code) == expected)
    }

    @Test(arguments: [
        (TransportError.Kind.nameResolution, 0, OutcomeClass.notSent), (.connect, 0, .notSent),
        (.connectTimeout, 0, .notSent), (.tlsHandshake, 0, .notSent), (.certificate, 0, .final),
        (.timeout, 0, .notSent), (.timeout, 1, .ambiguous), (.staleConnection, 1, .ambiguous),
        (.emptyReply, 1, .ambiguous), (.connectionReset, 1, .ambiguous), (.truncatedBody, 1, .ambiguous),
        (.bodyTooLarge, 1, .final), (.headersTooLarge, 1, .final), (.invalidRequest, 0, .final),
        (.shutDown, 0, .final), (.cancelled, 1, .final), (.other, 1, .final),
    ])
    func failures(kind: TransportError.Kind, sends: Int, expected: OutcomeClass) {
        var summary = SendSummary(submitted: MonotonicInstant(nanoseconds: 0))
        summary.wireSends = sends
        #expect(OutcomeClass.of(TransportError(kind, "", summary: summary)) == expected)
    }

    /// A handshake-level failure that shows up after a send must not be taken for "nothing was sent".
    @Test(arguments: [TransportError.Kind.connect, .tlsHandshake, .localResources])
    func nothingThatWasSentCountsAsNotSent(kind: TransportError.Kind) {
        var summary = SendSummary(submitted: MonotonicInstant(nanoseconds: 0))
        summary.wireSends = 1
        #expect(OutcomeClass.of(TransportError(kind, "", summary: summary)) == .ambiguous)
    }
}
