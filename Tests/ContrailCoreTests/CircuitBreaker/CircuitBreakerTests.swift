import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct CircuitBreakerTests {
    private func at(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: 0) + .seconds(seconds) }

    private func send(
        _ breaker: inout CircuitBreaker, _ outcome: CircuitBreaker.Outcome, at seconds: Double, times: Int = 1
    ) {
        for _ in 0..<times {
            guard case .admitted(let pass) = breaker.admit(at: at(seconds)) else { return }
            breaker.record(outcome, of: pass, at: at(seconds), unit: 0.5)
        }
    }

    private func opened(at seconds: Double = 0) -> CircuitBreaker {
        var breaker = CircuitBreaker(.standard)
        send(&breaker, .failure, at: seconds, times: 20)
        return breaker
    }

    @Test func opensAtHalfOfEnoughSends() {
        var breaker = CircuitBreaker(.standard)
        send(&breaker, .success, at: 0, times: 10)
        send(&breaker, .failure, at: 1, times: 9)
        #expect(breaker.state == .closed)
        send(&breaker, .failure, at: 1)
        #expect(breaker.state == .open)
        let answer = breaker.admit(at: at(2))
        #expect(answer == .rejected(until: at(6)))
    }

    @Test func fewSendsOpenNothing() {
        var breaker = CircuitBreaker(.standard)
        send(&breaker, .failure, at: 0, times: 19)
        #expect(breaker.state == .closed)
    }

    @Test func oldFailuresAreForgotten() {
        var breaker = CircuitBreaker(.standard)
        send(&breaker, .failure, at: 0, times: 19)
        send(&breaker, .failure, at: 10, times: 19)
        #expect(breaker.state == .closed)
    }

    @Test func whatSaysNothingCountsForNothing() {
        var breaker = CircuitBreaker(.standard)
        send(&breaker, .ignored, at: 0, times: 100)
        send(&breaker, .failure, at: 0, times: 19)
        #expect(breaker.state == .closed)
    }

    @Test func closesAfterEnoughGoodProbesAndNoMoreAtOnce() {
        var breaker = opened()
        let passes = (0..<4).map { _ in breaker.admit(at: at(5)) }
        #expect(passes[3] == .rejected(until: nil))
        for case .admitted(let pass) in passes { breaker.record(.success, of: pass, at: at(5), unit: 0.5) }
        #expect(breaker.state == .closed)
        let next = breaker.admit(at: at(5))
        #expect(next != .rejected(until: nil))
    }

    @Test func aBadProbeOpensForTwiceAsLongUpToTheLimit() {
        var breaker = opened()
        var now = 0.0
        for length in [5.0, 10, 20, 40, 60, 60] {
            let answer = breaker.admit(at: at(now + length - 0.001))
            #expect(answer == .rejected(until: at(now + length)))
            now += length
            send(&breaker, .failure, at: now)
            #expect(breaker.state == .open)
        }
    }

    @Test func aCancelledProbeLeavesRoomForAnother() {
        var breaker = opened()
        send(&breaker, .ignored, at: 5, times: 10)
        #expect(breaker.state == .halfOpen)
        send(&breaker, .success, at: 5, times: 3)
        #expect(breaker.state == .closed)
    }

    /// What was sent before it opened and fails late does not make the break longer, nor spoil the probes.
    @Test func lateAnswersCountForNothing() {
        var breaker = CircuitBreaker(.standard)
        guard case .admitted(let early) = breaker.admit(at: at(0)) else { return #expect(Bool(false)) }
        send(&breaker, .failure, at: 0, times: 20)
        breaker.record(.failure, of: early, at: at(1), unit: 0.5)
        send(&breaker, .success, at: 5)
        breaker.record(.failure, of: early, at: at(5), unit: 0.5)
        #expect(breaker.state == .halfOpen)
    }

    @Test func theLengthOfABreakIsSpread() {
        for (unit, seconds) in [(0.0, 4.0), (0.5, 5), (0.999_999, 6)] {
            var breaker = CircuitBreaker(.standard)
            for _ in 0..<20 {
                guard case .admitted(let pass) = breaker.admit(at: at(0)) else { break }
                breaker.record(.failure, of: pass, at: at(0), unit: unit)
            }
            guard case .rejected(let until?) = breaker.admit(at: at(0)) else { return #expect(Bool(false)) }
            #expect(abs((until - at(0)).inSeconds - seconds) < 0.001)
        }
    }

    /// In any order of sends and answers: never more probes than allowed, and it never stays shut for good.
    @Test(arguments: 0..<2_000) func alwaysComesBack(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        var breaker = CircuitBreaker(.standard)
        var underWay: [CircuitBreaker.Pass] = []
        var now = 0.0
        for _ in 0..<200 {
            now += Double(random.next() % 1_000) / 1_000
            if random.next() % 2 == 0 {
                if case .admitted(let pass) = breaker.admit(at: at(now)) { underWay.append(pass) }
            } else if !underWay.isEmpty {
                let pass = underWay.remove(at: Int(random.next() % UInt64(underWay.count)))
                let outcome = [CircuitBreaker.Outcome.failure, .success, .ignored][Int(random.next() % 3)]
                breaker.record(outcome, of: pass, at: at(now), unit: random.unit())
            }
        }
        for pass in underWay { breaker.record(.ignored, of: pass, at: at(now), unit: 0) }
        for _ in 0..<3 { send(&breaker, .success, at: now + 100) }
        #expect(breaker.state == .closed)
    }
}

@Suite struct AdaptiveThrottleTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    @Test func refusesNothingWhileHalfIsAccepted() {
        var throttle = AdaptiveThrottle(.standard)
        for index in 0..<1_000 {
            let isAdmitted = throttle.admit(at: start, unit: 0)
            #expect(isAdmitted)
            if index % 2 == 0 { throttle.noteAccepted(at: start) }
        }
    }

    @Test func refusesByTheFormula() {
        var throttle = AdaptiveThrottle(.standard)
        for _ in 0..<99 { _ = throttle.admit(at: start, unit: 1) }
        for _ in 0..<20 { throttle.noteAccepted(at: start) }
        let share = throttle.refusedShare(at: start)
        #expect(share == (99.0 - 2 * 20) / 100)
        let answers = [throttle.admit(at: start, unit: 0.58), throttle.admit(at: start, unit: 0.7)]
        #expect(answers == [false, true])
    }

    @Test func letsSomeThroughAlways() {
        var throttle = AdaptiveThrottle(.standard)
        for _ in 0..<10_000 { _ = throttle.admit(at: start, unit: 0) }
        let share = throttle.refusedShare(at: start)
        #expect(share == 0.9)
    }

    @Test func fewRequestsAndOldOnesRefuseNothing() {
        var throttle = AdaptiveThrottle(.standard)
        let early = (0..<19).map { _ in throttle.admit(at: start, unit: 0) }
        #expect(!early.contains(false))
        for _ in 0..<100 { _ = throttle.admit(at: start, unit: 1) }
        let share = throttle.refusedShare(at: start + .seconds(121))
        #expect(share == 0)
    }

    @Test func whatIsForgottenDoesNotCount() {
        var throttle = AdaptiveThrottle(.standard)
        for _ in 0..<100 {
            _ = throttle.admit(at: start, unit: 1)
            throttle.forget(at: start)
        }
        let share = throttle.refusedShare(at: start)
        #expect(share == 0)
    }
}
