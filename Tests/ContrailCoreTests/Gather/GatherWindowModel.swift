import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

/// Drives a ``GatherWindow`` with random inputs, as workers, source and reader would, and checks it after each.
final class GatherWindowModel {
    private struct Failure: Error {}

    private let random: SeededRandom
    private let size: Int
    private let maxFailures: Int?
    private let inputs: Int
    private let sourceFails: Bool
    private var window: GatherWindow<Int, Int, Int>

    private var isAsked = false
    private var isPulling = false
    /// Workers between a result and their rest.
    private var idle = 0
    private var resting: [Int] = []
    private var nextWorker = 0
    private var isHandOutAsked = false
    private var underWay: [Int] = []
    private var pulled = 0
    /// In the order of completion.
    private var finished: [Int] = []
    private var failures = 0
    private var delivered: [Int] = []
    private var waiters: [Int] = []
    private var nextWaiter = 0
    private var endings: [GatherWindow<Int, Int, Int>.Ending] = []
    private var hasAsked = false
    private var isCancelled = false
    private var isSourceOver = false
    private var cancelledWork = 0
    private var isOver = false

    init(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        self.random = random
        size = 1 + pick(pick(2) == 0 ? 5 : 16)
        maxFailures = pick(2) == 0 ? nil : 1 + pick(3)
        inputs = pick(40)
        sourceFails = pick(4) == 0
        window = GatherWindow(slots: GatherSlots(size: size, maxFailures: maxFailures))
    }

    func run() {
        for _ in 0..<120 {
            step()
            check()
        }
        drain()
        checkEnd()
    }

    private var isStopped: Bool { isCancelled || maxFailures.map { failures >= $0 } ?? false }

    private func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private func step() {
        switch pick(100) {
        case 0..<30: ask(waits: pick(3) > 0)
        case 30..<55: if isAsked { workerComes() }
        case 55..<75: if isPulling { sourceAnswers() }
        case 75..<88: if !underWay.isEmpty { finish(pick(underWay.count)) }
        case 88..<94: if idle > 0 { rest() }
        case 94..<99: if isHandOutAsked { handOut() }
        default: cancel()
        }
    }

    private func ask(waits: Bool) {
        hasAsked = true
        nextWaiter += 1
        let (answer, effects) = window.next(waits ? nextWaiter : nil)
        switch answer {
        case .element(let element): deliver(element)
        case .wait: if waits { waiters.append(nextWaiter) }
        case .over(let ending): endings.append(ending)
        }
        act(effects)
    }

    private func workerComes() {
        isAsked = false
        isPulling = window.workerComes()
        holds(isPulling == !isStopped)
    }

    private func sourceAnswers() {
        isPulling = false
        guard pulled < inputs else {
            isSourceOver = true
            return act(window.sourceEnded(sourceFails ? Failure() : nil))
        }
        let (index, isWanted, effects) = window.pulled()
        holds(index == pulled)
        holds(isWanted == !isStopped)
        pulled += 1
        underWay.append(index)
        act(effects)
    }

    private func finish(_ place: Int) {
        let index = underWay.remove(at: place)
        let isFailure = pick(4) == 0
        finished.append(index)
        if isFailure { failures += 1 }
        var progress: HTTPCall.GatherProgress?
        let (keepsWorker, effects) = window.finished(failure: isFailure ? Failure() : nil) {
            progress = $0
            return index
        }
        holds((progress == nil) == isCancelled)
        if let progress { holds(progress.done == finished.count && progress.failed == failures) }
        if let progress { holds(progress.inFlight == underWay.count) }
        if keepsWorker {
            holds(!isPulling && !isAsked)
            isPulling = true
        } else {
            idle += 1
        }
        act(effects)
    }

    private func rest() {
        idle -= 1
        nextWorker += 1
        switch window.rest(nextWorker) {
        case .rests:
            holds(!isStopped && !isSourceOver, "a worker rests for ever")
            resting.append(nextWorker)
            holds(resting.count + underWay.count <= size, "more workers than slots")
        case .isAsked: workerIsAsked()
        case .isDismissed: break
        }
    }

    private func handOut() {
        isHandOutAsked = false
        act(window.handOut())
    }

    private func workerIsAsked() {
        holds(!isAsked && !isPulling, "two workers at the source")
        isAsked = true
    }

    private func cancel() {
        isCancelled = true
        act(window.cancel())
        holds(waiters.isEmpty)
    }

    private func act(_ effects: GatherWindow<Int, Int, Int>.Effects) {
        if let (waiter, element) = effects.handOver {
            release(waiter)
            deliver(element)
        }
        for (waiter, ending) in effects.released {
            release(waiter)
            endings.append(ending)
        }
        if effects.asksForHandOut {
            holds(!isHandOutAsked && !waiters.isEmpty)
            isHandOutAsked = true
        }
        holds(effects.woken == nil || !effects.asksForWorker)
        if effects.asksForWorker {
            holds(resting.isEmpty, "a task is made though one rests")
            workerIsAsked()
        }
        if let worker = effects.woken {
            holds(resting.popLast() == worker, "not the last one that came to rest")
            workerIsAsked()
        }
        if !effects.dismissed.isEmpty {
            holds(effects.dismissed == resting)
            resting = []
        }
        if effects.cancelsWork { cancelledWork += 1 }
        if effects.isOver { isOver = true }
    }

    private func release(_ waiter: Int) {
        holds(waiters.first == waiter, "a waiter came back twice, or out of turn")
        waiters.removeAll { $0 == waiter }
    }

    private func deliver(_ element: Int) {
        holds(!isCancelled)
        delivered.append(element)
        holds(finished.starts(with: delivered), "not in the order of completion")
    }

    private func check() {
        let kept = isCancelled ? 0 : finished.count - delivered.count
        let used = underWay.count + kept + (isPulling || (isAsked && !isStopped) ? 1 : 0)
        holds(window.used == used)
        holds(used <= size, "the window was exceeded")
        // A reader that is busy with many results wakes a worker for several slots.
        let isFree = kept == 0 ? used < size : size - used >= max(size / 4, 1)
        let canGoOn = hasAsked && !isStopped && !isSourceOver && isFree
        holds(!canGoOn || isPulling || isAsked, "nobody takes the next input")
        holds(waiters.isEmpty || kept == 0 || isHandOutAsked, "somebody waits though there is a result")
        holds(resting.isEmpty || !(isStopped || isSourceOver), "a worker rests for ever")
        holds(
            waiters.isEmpty || !underWay.isEmpty || isPulling || isAsked || isHandOutAsked, "somebody waits for nothing"
        )
        holds(cancelledWork == (isStopped ? 1 : 0))
    }

    private func drain() {
        var rounds = 0
        while rounds < 1_000, endings.isEmpty || !underWay.isEmpty || isPulling || isAsked || idle > 0 || isHandOutAsked
        {
            rounds += 1
            if isAsked { workerComes() }
            if isPulling { sourceAnswers() }
            if !underWay.isEmpty { finish(0) }
            if idle > 0 { rest() }
            if isHandOutAsked { handOut() }
            if waiters.isEmpty, endings.isEmpty { ask(waits: true) }
            check()
        }
    }

    private func checkEnd() {
        holds(waiters.isEmpty && underWay.isEmpty && !isPulling && resting.isEmpty)
        holds(isOver, "the tasks would wait for ever")
        if !isCancelled { holds(delivered == finished && finished.count == pulled, "a result was lost") }
        if !isStopped { holds(pulled == inputs) }
        var early: [String] = []
        for ending in endings {
            switch ending {
            case .complete: break
            case .stopped: early.append("stopped")
            case .sourceFailed: early.append("sourceFailed")
            case .cancelled: early.append("cancelled")
            }
        }
        holds(early.count <= 1, "the end was told twice")
        if !isCancelled {
            let expected = isStopped || (isSourceOver && sourceFails)
            holds(early.isEmpty == !expected, "\(early)")
        }
    }
}
