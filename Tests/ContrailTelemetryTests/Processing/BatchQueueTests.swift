import Testing

@testable import ContrailTelemetry

private typealias Queue = BatchQueue<Int, String>

extension BatchQueue {
    /// The batch that the worker is told to export; `nil` if it is told something else.
    fileprivate mutating func nextExport() -> [Element]? {
        guard case .export(let batch) = nextBatch() else { return nil }
        return batch
    }

    /// True if the worker is told to end the exporter.
    fileprivate mutating func wantsExporterClosed() -> Bool {
        guard case .closeExporter = nextBatch() else { return false }
        return true
    }

    /// Whether the timer is to be armed, if the worker is told to rest; `nil` if it is told something else.
    fileprivate mutating func rests() -> Bool? {
        guard case .rest(let armTimer) = nextBatch() else { return nil }
        return armTimer
    }
}

private func acknowledged(_ count: Int) -> Telemetry.ExportResult { Telemetry.ExportResult(acknowledged: count) }

private func makeQueue(size: Int = 100, batch: Int = 3) -> Queue { Queue(maxQueueSize: size, maxBatchSize: batch) }

@Suite("BatchQueue")
struct BatchQueueTests {
    @Test func elementsThatComeAtOnceMayCallForTimerAndWorker() {
        var queue = BatchQueue<Int, Int>(maxQueueSize: 10, maxBatchSize: 2)
        var due = DueActions()
        due.add(queue.enqueue(1))
        #expect(due.armsTimer && !due.startsWorker)
        due.add(queue.enqueue(2))
        due.add(queue.enqueue(3))
        #expect(due.armsTimer && due.startsWorker)
    }

    @Test func theFirstElementArmsTheTimerOnce() {
        var queue = makeQueue()
        #expect(queue.enqueue(1) == .armTimer)
        #expect(queue.enqueue(2) == .none)
    }

    @Test func aFullBatchStartsTheWorkerOnce() {
        var queue = makeQueue()
        let actions = (1...7).map { queue.enqueue($0) }
        #expect(actions == [.armTimer, .none, .startWorker, .none, .none, .none, .none])
        #expect(queue.nextExport() == [1, 2, 3])
        _ = queue.exportFinished(acknowledged(3))
        #expect(queue.nextExport() == [4, 5, 6])
        _ = queue.exportFinished(acknowledged(3))
        // The timer that the first element armed still runs.
        #expect(queue.rests() == false)
    }

    @Test func theDelayExportsWhatWaits() {
        var queue = makeQueue()
        _ = queue.enqueue(1)
        #expect(queue.delayElapsed() == .startWorker)
        #expect(queue.nextExport() == [1])
        _ = queue.exportFinished(acknowledged(1))
        #expect(queue.rests() == false)
        #expect(queue.enqueue(2) == .armTimer)
    }

    @Test func theTimerIsNotArmedWhileNothingWaits() {
        var queue = makeQueue()
        for number in 1...3 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        _ = queue.exportFinished(acknowledged(3))
        #expect(queue.rests() == false)
        #expect(queue.delayElapsed() == .none)
        #expect(queue.rests() == false)
    }

    @Test func whatCameDuringAnExportWaitsForATimerOfItsOwn() {
        var queue = makeQueue()
        for number in 1...3 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        #expect(queue.delayElapsed() == .none)
        #expect(queue.enqueue(4) == .none)
        _ = queue.exportFinished(acknowledged(3))
        #expect(queue.rests() == true)
        #expect(queue.delayElapsed() == .startWorker)
        #expect(queue.nextExport() == [4])
    }

    @Test func aDelayThatEndsDuringAnExportIsNotForgotten() {
        var queue = makeQueue()
        for number in 1...4 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        #expect(queue.delayElapsed() == .none)
        _ = queue.exportFinished(acknowledged(3))
        #expect(queue.nextExport() == [4])
    }

    @Test func dropsTheNewestWhenFull() {
        var queue = makeQueue(size: 4, batch: 2)
        for number in 1...6 { _ = queue.enqueue(number) }
        #expect(queue.counts.droppedQueueFull == 2)
        #expect(queue.counts.pending == 4)
        #expect(queue.nextExport() == [1, 2])
        #expect(queue.enqueue(7) == .none)
        _ = queue.exportFinished(acknowledged(2))
        #expect(queue.nextExport() == [3, 4])
        #expect(queue.counts.ended == 7)
    }

    @Test func sizesAreAtLeastOneAndABatchFitsTheQueue() {
        var tiny = Queue(maxQueueSize: 0, maxBatchSize: -5)
        #expect(tiny.enqueue(1) == .startWorker)
        #expect(tiny.nextExport() == [1])
        var small = Queue(maxQueueSize: 2, maxBatchSize: 512)
        _ = small.enqueue(1)
        #expect(small.enqueue(2) == .startWorker)
    }

    @Test(arguments: [
        (Telemetry.ExportResult(acknowledged: 3), 3, 0, 0), (.init(dropped: 3), 0, 3, 0), (.init(unknown: 3), 0, 0, 3),
        (.init(acknowledged: 1, dropped: 1, unknown: 1), 1, 1, 1),
        // An exporter that miscounts.
        (.init(), 0, 0, 3), (.init(acknowledged: 99), 3, 0, 0), (.init(acknowledged: -1, dropped: 99), 0, 3, 0),
        (.init(acknowledged: 2, dropped: 2, unknown: 2), 2, 1, 0),
    ])
    func everySpanOfABatchIsCountedOnce(result: Telemetry.ExportResult, acknowledged: Int, dropped: Int, unknown: Int) {
        var queue = makeQueue()
        for number in 1...3 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        _ = queue.exportFinished(result)
        #expect(queue.counts.acknowledged == acknowledged)
        #expect(queue.counts.droppedByExporter == dropped)
        #expect(queue.counts.unknown == unknown)
        #expect(queue.counts.pending == 0)
    }
}

@Suite("BatchQueue flush")
struct BatchQueueFlushTests {
    @Test func returnsAtOnceIfNothingIsPending() {
        var queue = makeQueue()
        #expect(queue.flush(1, "f") == .finished(.success))
    }

    @Test func waitsForWhatWasEnqueuedBefore() {
        var queue = makeQueue()
        for number in 1...4 { _ = queue.enqueue(number) }
        #expect(queue.flush(1, "f") == .wait(startWorker: false))
        #expect(queue.nextExport() == [1, 2, 3])
        #expect(queue.exportFinished(acknowledged(3)).isEmpty)
        #expect(queue.nextExport() == [4])
        let resumed = queue.exportFinished(acknowledged(1))
        #expect(resumed.map(\.waiter) == ["f"])
        #expect(resumed.map(\.result) == [.success])
    }

    @Test func startsTheWorkerIfItRests() {
        var queue = makeQueue()
        _ = queue.enqueue(1)
        #expect(queue.flush(1, "f") == .wait(startWorker: true))
        #expect(queue.flush(2, "g") == .wait(startWorker: false))
        #expect(queue.nextExport() == [1])
        #expect(queue.exportFinished(acknowledged(1)).map(\.waiter) == ["f", "g"])
        #expect(queue.rests() == false)
    }

    @Test func waitsForTheExportThatRuns() {
        var queue = makeQueue()
        for number in 1...3 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        #expect(queue.flush(1, "f") == .wait(startWorker: false))
        #expect(queue.exportFinished(acknowledged(3)).map(\.waiter) == ["f"])
    }

    @Test func doesNotWaitForWhatComesLater() {
        var queue = makeQueue()
        for number in 1...3 { _ = queue.enqueue(number) }
        _ = queue.flush(1, "f")
        for number in 4...6 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        #expect(queue.exportFinished(acknowledged(3)).map(\.waiter) == ["f"])
    }

    @Test func saysThatSomethingWasLost() {
        var queue = makeQueue()
        for number in 1...4 { _ = queue.enqueue(number) }
        _ = queue.flush(1, "f")
        _ = queue.nextExport()
        _ = queue.exportFinished(Telemetry.ExportResult(acknowledged: 2, unknown: 1))
        _ = queue.nextExport()
        #expect(queue.exportFinished(acknowledged(1)).map(\.result) == [.failure])
    }

    @Test func givesUpWhenItsTimeIsOver() {
        var queue = makeQueue()
        _ = queue.enqueue(1)
        _ = queue.flush(1, "f")
        let action = queue.timeOut(1)
        #expect(action.resume.map(\.waiter) == ["f"] && action.resume.map(\.result) == [.timeout])
        #expect(!action.cancelWorker && !action.closeExporter)
        #expect(queue.timeOut(1).resume.isEmpty)
        #expect(queue.counts.pending == 1)
    }
}

@Suite("BatchQueue shutdown")
struct BatchQueueShutdownTests {
    @Test func exportsWhatWaitsThenEndsTheExporter() {
        var queue = makeQueue()
        _ = queue.enqueue(1)
        #expect(queue.shutDown(1, "s") == .wait(startWorker: true))
        #expect(queue.nextExport() == [1])
        #expect(queue.exportFinished(acknowledged(1)).isEmpty)
        let closes = queue.wantsExporterClosed()
        #expect(closes)
        #expect(queue.exporterClosed().map(\.result) == [.success])
        #expect(queue.exporterClosed().isEmpty)
    }

    @Test func nothingIsAcceptedAfterwards() {
        var queue = makeQueue()
        _ = queue.shutDown(1, "s")
        #expect(queue.enqueue(1) == .none)
        #expect(queue.counts.droppedAfterShutdown == 1)
        #expect(queue.flush(2, "f") == .finished(.success))
        #expect(queue.delayElapsed() == .none)
    }

    @Test func aSecondCallJoinsTheFirst() {
        var queue = makeQueue()
        #expect(queue.shutDown(1, "s") == .wait(startWorker: true))
        #expect(queue.shutDown(2, "t") == .wait(startWorker: false))
        let closes = queue.wantsExporterClosed()
        #expect(closes)
        #expect(queue.exporterClosed().map(\.waiter) == ["s", "t"])
        #expect(queue.shutDown(3, "u") == .finished(.success))
    }

    @Test func aSecondCallWithLessTimeDoesNotCutTheFirstShort() {
        var queue = makeQueue()
        _ = queue.enqueue(1)
        _ = queue.shutDown(1, "s")
        _ = queue.shutDown(2, "t")
        let action = queue.timeOut(2)
        #expect(action.resume.map(\.waiter) == ["t"] && !action.cancelWorker)
        #expect(queue.nextExport() == [1])
    }

    @Test func aFailedExportOnTheWayIsAFailure() {
        var queue = makeQueue()
        _ = queue.enqueue(1)
        _ = queue.shutDown(1, "s")
        _ = queue.nextExport()
        _ = queue.exportFinished(Telemetry.ExportResult(dropped: 1))
        _ = queue.wantsExporterClosed()
        #expect(queue.exporterClosed().map(\.result) == [.failure])
        #expect(queue.shutDown(2, "t") == .finished(.failure))
    }

    @Test func whenItsTimeIsOverTheRestIsCounted() {
        var queue = makeQueue()
        for number in 1...5 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        _ = queue.flush(1, "f")
        _ = queue.shutDown(2, "s")
        let action = queue.timeOut(2)
        #expect(action.cancelWorker && action.closeExporter)
        #expect(action.resume.map(\.waiter) == ["f", "s"])
        #expect(action.resume.allSatisfy { $0.result == .timeout })
        #expect(action.discarded.flatMap { $0 } == [4, 5])
        #expect(queue.counts.unknown == 3)
        #expect(queue.counts.droppedAfterShutdown == 2)
        #expect(queue.counts.pending == 0)
        // The export that hung comes back after all.
        #expect(queue.exportFinished(acknowledged(3)).isEmpty)
        #expect(queue.counts.acknowledged == 0)
        #expect(queue.rests() == false)
        #expect(queue.shutDown(3, "t") == .finished(.timeout))
    }

    @Test func cutOffLetsTheExportThatRunsSayWhatBecameOfIt() {
        var queue = makeQueue()
        for number in 1...5 { _ = queue.enqueue(number) }
        _ = queue.nextExport()
        _ = queue.flush(1, "f")
        _ = queue.shutDown(2, "s")
        let action = queue.cutOff(2)
        #expect(action.cancelWorker && !action.closeExporter && action.resume.isEmpty)
        #expect(action.discarded.flatMap { $0 } == [4, 5])
        #expect(queue.counts.droppedAfterShutdown == 2 && queue.counts.pending == 3)
        let resumed = queue.exportFinished(Telemetry.ExportResult(acknowledged: 1, dropped: 2))
        #expect(resumed.map(\.waiter) == ["f"] && resumed.map(\.result) == [.failure])
        #expect(queue.counts.droppedByExporter == 2 && queue.counts.unknown == 0 && queue.counts.pending == 0)
        let closes = queue.wantsExporterClosed()
        #expect(closes)
        #expect(queue.exporterClosed().map(\.result) == [.timeout])
    }

    @Test func cutOffIsOnlyForWhoWantedTheEndFirst() {
        var queue = makeQueue()
        _ = queue.enqueue(1)
        #expect(!queue.cutOff(1).cancelWorker)
        _ = queue.shutDown(1, "s")
        _ = queue.shutDown(2, "t")
        #expect(!queue.cutOff(2).cancelWorker)
        #expect(queue.cutOff(1).cancelWorker)
    }

    @Test func anExporterThatDoesNotEndIsNotEndedTwice() {
        var queue = makeQueue()
        _ = queue.shutDown(1, "s")
        _ = queue.wantsExporterClosed()
        let action = queue.timeOut(1)
        #expect(action.cancelWorker && !action.closeExporter)
        #expect(action.resume.map(\.result) == [.timeout])
        #expect(queue.exporterClosed().isEmpty)
    }
}

@Suite("BatchQueue under random input")
struct BatchQueueRandomTests {
    /// At every moment every element is in exactly one count, and every waiter comes out exactly once.
    @Test(arguments: 0..<200) func nothingIsLostUncounted(seed: Int) {
        var generator = SplitMix(state: UInt64(seed))
        var queue = BatchQueue<Int, UInt64>(
            maxQueueSize: Int.random(in: 1...20, using: &generator),
            maxBatchSize: Int.random(in: 1...6, using: &generator))
        var driver = RandomDriver()
        for step in 0..<400 {
            driver.step(&queue, choice: Int.random(in: 0..<100, using: &generator), number: step, &generator)
            let counts = queue.counts
            #expect(counts.ended == counts.acknowledged + counts.lost + counts.pending)
            #expect(counts.pending >= 0)
        }
        driver.drain(&queue)
        #expect(queue.counts.pending == 0)
        #expect(queue.counts.acknowledged + queue.counts.lost == queue.counts.ended)
        #expect(driver.waiting.isEmpty)
        #expect(driver.exported == driver.exported.sorted())
    }
}

/// Does what a driver does, one step at a time, and checks what it is told.
private struct RandomDriver {
    typealias Queue = BatchQueue<Int, UInt64>

    private(set) var waiting: Set<UInt64> = []
    private(set) var exported: [Int] = []
    private var workerRuns = false
    private var batch = 0
    private var timerIsArmed = false
    private var lastID: UInt64 = 0

    mutating func step(_ queue: inout Queue, choice: Int, number: Int, _ generator: inout SplitMix) {
        switch choice {
        case 0..<60:
            switch queue.enqueue(number) {
            case .none: break
            case .armTimer: armTimer()
            case .startWorker: startWorker()
            }
        case 60..<66: fireTimer(&queue)
        case 66..<70: enrol(queue.flush(nextID(), lastID))
        case 70: enrol(queue.shutDown(nextID(), lastID))
        case 71: resume(queue.cutOff(waiting.randomElement(using: &generator) ?? 0).resume)
        case 72: timeOut(&queue, waiting.randomElement(using: &generator) ?? 0)
        default: work(&queue, Int.random(in: 0...6, using: &generator))
        }
    }

    mutating func drain(_ queue: inout Queue) {
        enrol(queue.shutDown(nextID(), lastID))
        for _ in 0..<1000 where workerRuns { work(&queue, 6) }
        #expect(!workerRuns)
    }

    private mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    private mutating func armTimer() {
        #expect(!timerIsArmed)
        timerIsArmed = true
    }

    private mutating func startWorker() {
        #expect(!workerRuns)
        workerRuns = true
    }

    private mutating func fireTimer(_ queue: inout Queue) {
        guard timerIsArmed else { return }
        timerIsArmed = false
        if queue.delayElapsed() == .startWorker { startWorker() }
    }

    private mutating func enrol(_ action: Queue.WaitAction) {
        guard case .wait(let start) = action else { return }
        waiting.insert(lastID)
        if start { startWorker() }
    }

    private mutating func timeOut(_ queue: inout Queue, _ id: UInt64) {
        resume(queue.timeOut(id).resume)
    }

    private mutating func work(_ queue: inout Queue, _ acknowledged: Int) {
        guard workerRuns else { return }
        if batch > 0 {
            let result = Telemetry.ExportResult(
                acknowledged: min(acknowledged, batch), dropped: max(0, batch - acknowledged) / 2)
            batch = 0
            return resume(queue.exportFinished(result))
        }
        switch queue.nextBatch() {
        case .export(let elements):
            exported += elements
            batch = elements.count
        case .closeExporter:
            resume(queue.exporterClosed())
            workerRuns = false
        case .rest(let arms):
            workerRuns = false
            if arms { armTimer() }
        }
    }

    private mutating func resume(_ resumptions: [Queue.Resumption]) {
        for (waiter, _) in resumptions { #expect(waiting.remove(waiter) != nil) }
    }
}
