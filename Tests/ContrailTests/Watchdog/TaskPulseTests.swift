import ContrailBase
import Testing

@testable import Contrail

@Suite struct TaskPulseTests {
    private let start = MonotonicInstant(nanoseconds: 0)
    private func at(_ milliseconds: Int) -> MonotonicInstant { start + .milliseconds(milliseconds) }
    private func pulse() -> TaskPulse { TaskPulse(threshold: .milliseconds(250), warningInterval: .seconds(60)) }

    @Test func aBeatIsFollowedByTheNextOnceItIsAnswered() {
        var pulse = pulse()
        #expect(pulse.tick(at: at(0)) == .beat)
        #expect(pulse.answered(at: at(3)) == .init(delay: .milliseconds(3), warns: false))
        #expect(pulse.tick(at: at(1_000)) == .beat)
        #expect(pulse.answered(at: at(1_001)) == .init(delay: .milliseconds(1), warns: false))
        #expect(pulse.answered(at: at(1_002)) == nil)
    }

    @Test(arguments: [(249, false), (250, true)]) func warnsFromTheThresholdOn(milliseconds: Int, warns: Bool) {
        var pulse = pulse()
        _ = pulse.tick(at: at(0))
        #expect(
            pulse.answered(at: at(milliseconds)) == .init(delay: .milliseconds(milliseconds), warns: warns))
    }

    @Test func warnsOfABeatThatIsNeverAnsweredAndMakesNoOther() {
        var pulse = pulse()
        #expect(pulse.tick(at: at(0)) == .beat)
        #expect(pulse.tick(at: at(100)) == .wait)
        #expect(pulse.tick(at: at(1_000)) == .warn(.seconds(1)))
        for second in 2...60 { #expect(pulse.tick(at: at(second * 1_000)) == .wait) }
        #expect(pulse.tick(at: at(61_000)) == .warn(.seconds(61)))
        #expect(pulse.answered(at: at(61_500)) == .init(delay: .milliseconds(61_500), warns: false))
    }

    @Test func warnsOncePerInterval() {
        var pulse = pulse()
        var warnings = 0
        for second in stride(from: 0, to: 600, by: 2) {
            _ = pulse.tick(at: at(second * 1_000))
            if pulse.answered(at: at(second * 1_000 + 900))?.warns == true { warnings += 1 }
        }
        #expect(warnings == 10)
    }
}
