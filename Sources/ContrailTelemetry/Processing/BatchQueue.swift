import DequeModule

/// Collects elements into batches and says when to export one. Has no clock, no lock and does no export.
///
/// The driver runs at most one worker, which asks `nextBatch` until it is told to rest: that is why exports never run
/// concurrently. At most one delay timer is armed, and only while elements wait: that is why an idle queue wakes nobody.
/// Elements leave in the order they came. Every waiter comes out exactly once.
struct BatchQueue<Element: Sendable, Waiter: Sendable>: Sendable {
    typealias Resumption = (waiter: Waiter, result: Telemetry.FlushResult)

    enum EnqueueAction: Equatable { case none, armTimer, startWorker }
    enum DelayAction: Equatable { case none, startWorker }
    enum WaitAction: Equatable {
        case finished(Telemetry.FlushResult)
        case wait(startWorker: Bool)
    }
    enum WorkerAction {
        case export([Element])
        case closeExporter
        case rest(armTimer: Bool)
    }
    struct TimeOutAction {
        var resume: [Resumption] = []
        /// The shutdown is given up: the export that runs is to be cancelled.
        var cancelWorker = false
        /// The worker will not come to it any more.
        var closeExporter = false
        /// Carried out of the lock, to be released there.
        var discarded: Deque<[Element]> = []
    }

    private enum Phase { case open, draining, closing, closed }
    private struct Flush {
        let id: UInt64
        /// Done when this many elements have been settled.
        let target: Int
        var failed = false
        let waiter: Waiter
    }
    private struct Closer {
        let id: UInt64
        let waiter: Waiter
    }

    private let maxQueueSize: Int
    private let maxBatchSize: Int
    private var phase = Phase.open
    /// Batches that are complete, oldest first. Handing one out moves no element.
    private var full: Deque<[Element]> = []
    private var filling: [Element] = []
    private var queued = 0
    private var inFlight = 0
    private var accepted = 0
    private var settled = 0
    private var workerRuns = false
    private var timerIsArmed = false
    private var delayHasElapsed = false
    private var flushes: [Flush] = []
    private var closers: [Closer] = []
    private var closeResult = Telemetry.FlushResult.success
    private(set) var counts = Telemetry.SpanCounts()

    /// Sizes below 1 count as 1, and a batch is never larger than the queue.
    init(maxQueueSize: Int, maxBatchSize: Int) {
        self.maxQueueSize = max(1, maxQueueSize)
        self.maxBatchSize = min(max(1, maxBatchSize), self.maxQueueSize)
    }

    /// An element arrived. If the queue is full the new one is lost, not an old one (OTel Trace SDK, "Batching processor").
    mutating func enqueue(_ element: Element) -> EnqueueAction {
        counts.ended += 1
        guard phase == .open else {
            counts.droppedAfterShutdown += 1
            return .none
        }
        guard queued < maxQueueSize else {
            counts.droppedQueueFull += 1
            return .none
        }
        append(element)
        guard !workerRuns else { return .none }
        if !full.isEmpty { return startWorker() ? .startWorker : .none }
        return armTimer() ? .armTimer : .none
    }

    /// The delay since the timer was armed is over.
    mutating func delayElapsed() -> DelayAction {
        timerIsArmed = false
        guard phase == .open, queued > 0 else { return .none }
        delayHasElapsed = true
        return startWorker() ? .startWorker : .none
    }

    /// The worker is free. Only the worker asks.
    mutating func nextBatch() -> WorkerAction {
        if phase != .closed, let batch = full.popFirst() { return export(batch) }
        if phase != .closed, !filling.isEmpty, delayHasElapsed || phase == .draining || !flushes.isEmpty {
            delayHasElapsed = false
            return export(takeFilling())
        }
        if phase == .draining {
            phase = .closing
            return .closeExporter
        }
        workerRuns = false
        delayHasElapsed = false
        return .rest(armTimer: phase == .open && !filling.isEmpty && armTimer())
    }

    /// The export that `nextBatch` asked for is over.
    mutating func exportFinished(_ result: Telemetry.ExportResult) -> [Resumption] {
        // Nothing is in flight if the shutdown gave the export up: then it has been counted.
        guard inFlight > 0 else { return [] }
        let arrived = settle(result)
        if !arrived {
            for index in flushes.indices { flushes[index].failed = true }
            if phase == .draining, closeResult == .success { closeResult = .failure }
        }
        return takeSettledFlushes()
    }

    /// Somebody waits for everything that has been enqueued so far.
    mutating func flush(_ id: UInt64, _ waiter: Waiter) -> WaitAction {
        guard counts.pending > 0 else { return .finished(.success) }
        flushes.append(Flush(id: id, target: accepted, waiter: waiter))
        return .wait(startWorker: startWorker())
    }

    /// Somebody wants the end. Nothing is accepted any more; what waits is still exported.
    mutating func shutDown(_ id: UInt64, _ waiter: Waiter) -> WaitAction {
        guard phase != .closed else { return .finished(closeResult) }
        closers.append(Closer(id: id, waiter: waiter))
        guard phase == .open else { return .wait(startWorker: false) }
        phase = .draining
        return .wait(startWorker: startWorker())
    }

    /// The exporter has ended, as `nextBatch` asked for.
    mutating func exporterClosed() -> [Resumption] {
        guard phase == .closing else { return [] }
        phase = .closed
        workerRuns = false
        return takeClosers(closeResult)
    }

    /// The time of the waiter that wanted the end first is all but over: what waits is lost, and the export that runs is to
    /// be cancelled, so that it can still say what became of its batch.
    mutating func cutOff(_ id: UInt64) -> TimeOutAction {
        guard phase == .draining, closers.first?.id == id else { return TimeOutAction() }
        var action = TimeOutAction(cancelWorker: true)
        action.discarded = full
        action.discarded.append(takeFilling())
        full = []
        counts.droppedAfterShutdown += queued
        counts.pending -= queued
        settled += queued
        queued = 0
        for index in flushes.indices { flushes[index].failed = true }
        action.resume = takeSettledFlushes()
        closeResult = .timeout
        return action
    }

    /// The time of a waiter ran out. If it was the first that wanted the end, the end is now: what waits is lost, and
    /// what is in flight nobody knows about.
    mutating func timeOut(_ id: UInt64) -> TimeOutAction {
        if let index = flushes.firstIndex(where: { $0.id == id }) {
            return TimeOutAction(resume: [(flushes.remove(at: index).waiter, .timeout)])
        }
        guard let index = closers.firstIndex(where: { $0.id == id }) else { return TimeOutAction() }
        guard index == 0 else { return TimeOutAction(resume: [(closers.remove(at: index).waiter, .timeout)]) }
        return giveUp()
    }

    private mutating func append(_ element: Element) {
        if filling.isEmpty { filling.reserveCapacity(maxBatchSize) }
        filling.append(element)
        queued += 1
        accepted += 1
        counts.pending += 1
        if filling.count == maxBatchSize { full.append(takeFilling()) }
    }

    private mutating func takeFilling() -> [Element] {
        defer { filling = [] }
        return filling
    }

    private mutating func export(_ batch: [Element]) -> WorkerAction {
        queued -= batch.count
        inFlight = batch.count
        return .export(batch)
    }

    /// Counts the batch in flight; an exporter that miscounts has its rest counted as unknown. True if all of it arrived.
    private mutating func settle(_ result: Telemetry.ExportResult) -> Bool {
        let acknowledged = min(max(0, result.acknowledged), inFlight)
        let dropped = min(max(0, result.dropped), inFlight - acknowledged)
        counts.acknowledged += acknowledged
        counts.droppedByExporter += dropped
        counts.unknown += inFlight - acknowledged - dropped
        counts.pending -= inFlight
        settled += inFlight
        defer { inFlight = 0 }
        return acknowledged == inFlight
    }

    private mutating func giveUp() -> TimeOutAction {
        var action = TimeOutAction(cancelWorker: true, closeExporter: phase == .draining)
        counts.droppedAfterShutdown += queued
        counts.unknown += inFlight
        counts.pending = 0
        (queued, inFlight) = (0, 0)
        action.discarded = full
        action.discarded.append(takeFilling())
        full = []
        phase = .closed
        closeResult = .timeout
        action.resume = flushes.map { ($0.waiter, .timeout) } + takeClosers(.timeout)
        flushes = []
        return action
    }

    private mutating func takeSettledFlushes() -> [Resumption] {
        let done = flushes.filter { $0.target <= settled }
        flushes.removeAll { $0.target <= settled }
        return done.map { ($0.waiter, $0.failed ? .failure : .success) }
    }

    private mutating func takeClosers(_ result: Telemetry.FlushResult) -> [Resumption] {
        defer { closers = [] }
        return closers.map { ($0.waiter, result) }
    }

    /// True if the driver has to start the worker; false if it runs.
    private mutating func startWorker() -> Bool {
        defer { workerRuns = true }
        return !workerRuns
    }

    /// True if the driver has to arm the timer; false if it is armed.
    private mutating func armTimer() -> Bool {
        defer { timerIsArmed = true }
        return !timerIsArmed
    }
}
