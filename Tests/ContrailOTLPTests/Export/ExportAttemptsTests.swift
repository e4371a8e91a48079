import ContrailBase
import ContrailCore
import ContrailOTLP
import Testing

@Suite struct ExportAttemptsTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func attempts(deadline: Duration? = .seconds(10)) -> ExportAttempts {
        ExportAttempts(policy: ExportAttempts.Policy(), deadline: deadline.map { start + $0 })
    }

    @Test(arguments: 100...599)
    func onlyFourStatusesAreSentAgain(status: Int) {
        var attempts = attempts()
        let decision = attempts.next(after: .answered(status: status, retryAfter: nil), now: start, chance: 0)
        switch status {
        case 200..<300: #expect(decision == .delivered)
        case 429, 502, 503, 504: #expect(decision == .retry(at: start + .milliseconds(500)))
        default: #expect(decision == .giveUp)
        }
        #expect(!attempts.mayHaveArrived)
    }

    @Test(arguments: [
        TransportError.Kind.nameResolution, .connect, .connectTimeout, .tlsHandshake, .staleConnection, .emptyReply,
        .connectionReset, .localResources,
    ])
    func aConnectionThatFailedOrBrokeIsTriedAgain(kind: TransportError.Kind) {
        var attempts = attempts()
        let decision = attempts.next(after: .failed(kind, wasSent: false), now: start, chance: 0)
        #expect(decision == .retry(at: start + .milliseconds(500)))
    }

    @Test(arguments: [
        TransportError.Kind.certificate, .timeout, .idleReadTimeout, .truncatedBody, .protocolViolation,
        .headersTooLarge,
        .bodyTooLarge, .invalidRequest, .shutDown, .cancelled, .other,
    ])
    func otherFailuresAreNotTriedAgain(kind: TransportError.Kind) {
        var attempts = attempts()
        #expect(attempts.next(after: .failed(kind, wasSent: true), now: start, chance: 0) == .giveUp)
    }

    @Test func theWaitDoublesUpToTheLimitAndHalfOfItIsChance() {
        for (chance, factor) in [(0.0, 0.5), (0.5, 0.75), (0.999_999, 1.0)] {
            var attempts = attempts(deadline: nil)
            for expected in [1.0, 2, 4, 5, 5, 5, 5, 5, 5] {
                let decision = attempts.next(after: .answered(status: 503, retryAfter: nil), now: start, chance: chance)
                guard case .retry(let instant) = decision else { Issue.record("\(decision)"); return }
                #expect(abs((instant - start).inSeconds - expected * factor) < 0.001)
            }
            #expect(
                attempts.next(after: .answered(status: 503, retryAfter: nil), now: start, chance: chance) == .outOfTime)
            #expect(attempts.count == 10)
        }
    }

    @Test func retryAfterIsTheLeastWait() {
        var attempts = attempts()
        #expect(
            attempts.next(after: .answered(status: 429, retryAfter: .seconds(3)), now: start, chance: 0)
                == .retry(at: start + .seconds(3)))
        #expect(
            attempts.next(after: .answered(status: 429, retryAfter: .zero), now: start, chance: 0)
                == .retry(at: start + .seconds(1)))
    }

    @Test func aWaitThatReachesTheDeadlineIsNotBegun() {
        for (after, decision) in [
            (Duration.milliseconds(9_999), ExportAttempts.Decision.retry(at: start + .milliseconds(9_999))),
            (.seconds(10), .outOfTime), (.seconds(Int64.max), .outOfTime),
        ] {
            var attempts = attempts()
            #expect(attempts.next(after: .answered(status: 503, retryAfter: after), now: start, chance: 0) == decision)
        }
    }

    @Test func whatWasSentAndNotAnsweredMayHaveArrivedWhateverFollows() {
        var attempts = attempts()
        _ = attempts.next(after: .failed(.connect, wasSent: false), now: start, chance: 0)
        #expect(!attempts.mayHaveArrived)
        _ = attempts.next(after: .failed(.emptyReply, wasSent: true), now: start, chance: 0)
        #expect(attempts.mayHaveArrived)
        _ = attempts.next(after: .failed(.connect, wasSent: false), now: start, chance: 0)
        #expect(attempts.mayHaveArrived)
        _ = attempts.next(after: .answered(status: 400, retryAfter: nil), now: start, chance: 0)
        #expect(attempts.mayHaveArrived)
    }
}
