import ContrailBase
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct RetrySessionTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func session(
        _ policy: RetryPolicy = .standard, idempotent: Bool = true, deadline: Duration? = nil
    ) -> RetrySession {
        var session = RetrySession(policy: policy, deadline: deadline.map { start + $0 })
        session.begin(isIdempotent: idempotent)
        return session
    }

    private func stale() -> RetryOutcome { RetryOutcome(.ambiguous, failure: .staleConnection) }

    @Test(arguments: [OutcomeClass.success, .final])
    func finishesWhatAnotherSendCannotImprove(outcome: OutcomeClass) {
        var session = session()
        #expect(session.decide(after: outcome, at: start) == .finish)
    }

    @Test(arguments: [OutcomeClass.ambiguous, .throttled, .transient])
    func neverRepeatsWhatTheServerMayHaveActedUpon(outcome: OutcomeClass) {
        var session = session(idempotent: false)
        #expect(session.decide(after: outcome, at: start) == .refuse(.notIdempotent))
    }

    @Test func repeatsAnyRequestThatWasNotSent() {
        var session = session(idempotent: false)
        #expect(session.decide(after: .notSent, at: start) == .retry(after: .milliseconds(25), source: .backOff))
    }

    @Test(arguments: [(RetryPolicy.standard, 3), (.conservative, 2), (.apiClient, 3), (.never, 1)])
    func stopsAfterTheLastAttempt(policy: RetryPolicy, attempts: Int) {
        var session = session(policy)
        for _ in 1..<attempts { #expect(session.decide(after: .transient, at: start).isRetry) }
        #expect(session.decide(after: .transient, at: start) == .refuse(.attemptsUsed))
    }

    @Test func neverRepeatsWhenToldNever() {
        var session = session(.never)
        #expect(session.decide(after: stale(), at: start) == .refuse(.attemptsUsed))
    }

    @Test func hedgesCountAsAttempts() {
        var session = session()
        session.noteFurtherSends(1)
        #expect(session.decide(after: .transient, at: start).isRetry)
        #expect(session.decide(after: .transient, at: start) == .refuse(.attemptsUsed))
    }

    @Test func staleConnectionIsRepeatedOnceForFree() {
        var session = session()
        #expect(session.decide(after: stale(), at: start) == .retry(after: .zero, source: .transparent))
        let further = (0..<3).map { _ in session.decide(after: stale(), at: start) }
        #expect(
            further == [
                .retry(after: .milliseconds(25), source: .backOff), .retry(after: .milliseconds(50), source: .backOff),
                .refuse(.attemptsUsed),
            ])
    }

    @Test func staleConnectionOfAPostIsNotRepeated() {
        var session = session(idempotent: false)
        #expect(session.decide(after: stale(), at: start) == .refuse(.notIdempotent))
    }

    @Test(arguments: [OutcomeClass.notSent, .ambiguous, .transient, .throttled], [true, false])
    func aBodyThatIsGoneIsNotSentAgain(outcome: OutcomeClass, isStale: Bool) {
        var session = session()
        #expect(
            session.decide(
                after: RetryOutcome(outcome, failure: isStale ? .staleConnection : nil), canSendBody: false, at: start,
                chance: .init(backOff: 0, spread: 0)) == .refuse(.bodyNotReplayable))
    }

    @Test func doesNotSleepInVain() {
        var session = session(deadline: .milliseconds(34))
        #expect(session.decide(after: .transient, at: start) == .refuse(.deadline))
        var longer = self.session(deadline: .milliseconds(35))
        #expect(longer.decide(after: .transient, at: start) == .retry(after: .milliseconds(25), source: .backOff))
    }

    // MARK: What the server asks for

    private func throttled(_ delay: Duration) -> RetryOutcome {
        RetryOutcome(.throttled, serverDelay: ServerDelay(delay: delay, source: .retryAfter))
    }

    @Test func comesNoEarlierThanAsked() {
        var session = session()
        #expect(
            session.decide(after: throttled(.seconds(5)), at: start, spread: 0.5)
                == .retry(after: .milliseconds(5_250), source: .retryAfter))
    }

    @Test func backOffIsAtLeastWaited() {
        var session = session()
        #expect(
            session.decide(after: throttled(.milliseconds(100)), at: start, spread: 0)
                == .retry(after: .milliseconds(500), source: .backOff))
    }

    @Test func givesUpWhenAskedForMoreThanThePolicyAllows() {
        var session = session()
        #expect(session.decide(after: throttled(.seconds(61)), at: start) == .refuse(.serverDelayTooLong))
    }

    // MARK: A rule of one's own

    @Test func aRuleCanStop() {
        var session = session(.custom { _ in .stop })
        #expect(session.decide(after: .transient, at: start) == .refuse(.rule))
    }

    @Test func aRuleCanRepeatWhatTheTableDoesNot() {
        var session = session(.custom { $0.head?.status.code == 409 ? .again(after: .seconds(1)) : .standard })
        let conflict = RetryOutcome(.final, head: ResponseHead(status: .conflict, headers: [:]))
        #expect(session.decide(after: conflict, at: start) == .retry(after: .seconds(1), source: .policy))
        let gone = RetryOutcome(.final, head: ResponseHead(status: .gone, headers: [:]))
        #expect(session.decide(after: gone, at: start) == .finish)
    }

    @Test(arguments: [true, false]) func aRuleLiftsTheGuardOnlyIfItSaysSo(lifts: Bool) {
        let policy = RetryPolicy.custom { _ in .again(evenIfNotIdempotent: lifts) }
        var session = session(policy, idempotent: false)
        #expect(session.decide(after: .transient, at: start).isRetry == lifts)
    }

    @Test func aRuleCannotExceedTheAttempts() {
        var session = session(.custom { _ in .again(after: .zero) })
        #expect((0..<3).map { _ in session.decide(after: .transient, at: start).isRetry } == [true, true, false])
    }

    /// Cancellation, a refused permit, an error of a user's step: no rule makes another send of them.
    @Test func aRuleIsNotAskedAboutWhatIsNoOutcomeOfASend() {
        var session = session(.custom { _ in .again() })
        #expect(session.decide(after: RetryOutcome(.final), at: start) == .finish)
    }

    @Test func aRuleSeesWhatHappened() {
        let seen = Locked<[String]>([])
        var session = session(
            .custom { outcome in
                seen.withLock { $0.append("\(outcome.outcomeClass) \(outcome.attempts) \(outcome.isIdempotent)") }
                return .standard
            }, idempotent: false)
        _ = session.decide(after: .notSent, at: start)
        _ = session.decide(after: .ambiguous, at: start)
        #expect(seen.withLock { $0 } == ["notSent 1 false", "ambiguous 2 false"])
    }
}

extension RetrySession {
    fileprivate mutating func decide(
        after outcome: RetryOutcome, at now: MonotonicInstant, spread: Double = 0
    ) -> Decision {
        decide(after: outcome, at: now, chance: Chance(backOff: 0.5, spread: spread))
    }

    fileprivate mutating func decide(after outcome: OutcomeClass, at now: MonotonicInstant) -> Decision {
        decide(after: RetryOutcome(outcome), at: now)
    }
}

extension RetrySession.Decision {
    fileprivate var isRetry: Bool {
        if case .retry = self { return true }
        return false
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
