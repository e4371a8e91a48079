import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct GatherWindowTests {
    private struct Failure: Error {}

    /// Any order of what workers, source and reader do: the window holds, one worker at a time takes from the source,
    /// nobody waits for nothing, every input comes out once in the order of completion, and the end is told once.
    @Test(arguments: SeededRuns.blocks)
    func holdsItsRulesUnderRandomInput(block: Int) {
        for seed in SeededRuns.seeds(of: block) { GatherWindowModel(seed: seed).run() }
    }

    @Test func aReaderThatTakesNothingStopsTheSource() {
        var slots = GatherSlots(size: 2)
        for _ in 0..<2 {
            let (isAsked, isNeeded) = (slots.askForWorker(), slots.workerComes())
            #expect(isAsked && isNeeded)
            _ = slots.pulled()
            _ = slots.finished(isFailure: false, isKept: true)
        }
        #expect(slots.used == 2)
        let isAskedWhenFull = slots.askForWorker()
        slots.taken()
        let isAskedAgain = slots.askForWorker()
        #expect(!isAskedWhenFull && isAskedAgain)
    }

    @Test func theTotalIsKnownInAdvanceOrAtTheEndOfTheSource() {
        var known = GatherSlots(size: 1, expected: 7)
        #expect(known.progress.total == 7)
        known.sourceEnded()
        #expect(known.progress.total == 0)
        var unknown = GatherSlots(size: 1)
        #expect(unknown.progress.total == nil)
        _ = unknown.askForWorker()
        _ = unknown.workerComes()
        _ = unknown.pulled()
        #expect(unknown.progress.inFlight == 1)
        unknown.sourceEnded()
        #expect(unknown.progress.total == 1)
    }

    @Test func failuresBehindTheLastOneStopNothingTwice() {
        var slots = GatherSlots(size: 3, maxFailures: 1)
        for _ in 0..<3 {
            _ = slots.askForWorker()
            _ = slots.workerComes()
            _ = slots.pulled()
        }
        #expect((0..<3).map { _ in slots.finished(isFailure: true, isKept: false) } == [true, false, false])
    }

    @Test(arguments: [(nil, 100), (10, 10), (0, 1), (-5, 1), (1_000, 100), (Int.max, 100)] as [(Int?, Int)])
    func theWindowStaysWithinTheLimits(window: Int?, size: Int) {
        var options = HTTPCall.GatherOptions()
        options.window = window
        #expect(options.window(within: 100) == size)
    }
}
