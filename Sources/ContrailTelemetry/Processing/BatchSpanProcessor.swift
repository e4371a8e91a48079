public import ContrailBase
public import Tracing

extension Telemetry {
    /// Exports sampled spans in batches, off the caller's path (OTel Trace SDK, "Batching processor").
    ///
    /// An export starts when a batch is full, when the delay since the first waiting span is over, or at a flush; never two
    /// at a time. While no span waits, nothing runs and nothing wakes.
    public final class BatchSpanProcessor: SpanProcessor {
        private let exporter: any SpanExporter
        private let resource: Resource
        private let settings: Settings
        private let time: any TimeSource
        private let state: Deposit<State, SpanData>

        private typealias Waiter = CheckedContinuation<FlushResult, Never>
        private typealias Queue = BatchQueue<SpanData, Waiter>

        private struct State {
            var queue: Queue
            var timer: Task<Void, Never>?
            var worker: Task<Void, Never>?
            var isClosed = false
            var lastID: UInt64 = 0
            /// What the spans that were taken call for; for whoever leaves the lock next.
            var due = DueActions()

            mutating func enqueue(_ span: SpanData) { due.add(queue.enqueue(span)) }

            mutating func takeDue() -> DueActions {
                defer { due = DueActions() }
                return due
            }
        }

        /// Makes a processor, which owns `exporter` and ends it at its own shutdown. Starts nothing.
        ///
        /// - Parameters:
        ///   - exporter: sends the batches.
        ///   - resource: what produces the spans; the provider's.
        ///   - settings: sizes and times.
        ///   - time: the clocks. Default: the machine's.
        public init(
            exporter: any SpanExporter, resource: Resource, settings: Settings = Settings(),
            time: any TimeSource = SystemTime()
        ) {
            self.exporter = exporter
            self.resource = resource
            self.settings = settings
            self.time = time
            let queue = Queue(maxQueueSize: settings.maxQueueSize, maxBatchSize: settings.maxBatchSize)
            state = Deposit(State(queue: queue)) { $0.enqueue($1) }
        }

        /// What became of the spans so far.
        public var counts: SpanCounts { locked { $0.queue.counts } }

        /// Does nothing.
        public func onStart(_ span: Span, in context: ServiceContext) {}

        /// Takes a sampled span; drops and counts it if the queue is full. No I/O, and no waiting for another thread that
        /// ends spans or takes a batch.
        public func onEnd(_ span: SpanData) {
            guard span.context.flags.contains(.sampled) else { return }
            // Left for another: he does what it calls for.
            guard let due = state.bring(span, { $0.takeDue() }) else { return }
            act(due)
            takeWhatWasLeft()
        }

        /// Everything but ``onEnd(_:)`` waits for its turn, and does behind it what spans call for that were left meanwhile.
        private func locked<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
            let (result, due) = state.withLock { state in (body(&state), state.takeDue()) }
            act(due)
            takeWhatWasLeft()
            return result
        }

        private func takeWhatWasLeft() {
            while let due = state.takeLeft({ $0.takeDue() }) { act(due) }
        }

        private func act(_ due: DueActions) {
            if due.armsTimer { armTimer() }
            if due.startsWorker { startWorker() }
        }

        /// Has everything exported that ended before this call, and the exporter flush what it holds back. Cancellation does
        /// not end it, `timeout` does. After a shutdown there is nothing to do.
        public func forceFlush(timeout: Duration) async -> FlushResult {
            let deadline = time.now + timeout
            let result = await wait(timeout) { $0.flush($1, $2) }
            guard result != .timeout, !locked({ $0.isClosed }) else { return result }
            let exporters = await finished(by: deadline, time) { [exporter, time] in
                await exporter.forceFlush(timeout: max(deadline - time.now, .zero))
            }
            return result.worse(exporters ?? .timeout)
        }

        /// Exports what waits, then ends the exporter; once. Shortly before `timeout` is over, what still waits is dropped
        /// and counted, and the export that runs is cancelled; if it does not say in time what became of its batch, that is
        /// counted as unknown. Cancellation does not end it.
        public func shutdown(timeout: Duration) async -> FlushResult {
            await wait(timeout, cutOff: timeout - min(timeout / 10, Self.reportTime)) { $0.shutDown($1, $2) }
        }

        /// What an exporter gets, of a shutdown's time, to say what became of the batch that was cancelled.
        private static let reportTime = Duration.milliseconds(250)

        /// The caller suspends until the queue hands its waiter back: done, or out of time.
        private func wait(
            _ timeout: Duration, cutOff: Duration? = nil,
            _ enrol: @Sendable (inout Queue, UInt64, Waiter) -> Queue.WaitAction
        ) async -> FlushResult {
            let id = locked { state in
                state.lastID += 1
                return state.lastID
            }
            let start = time.now
            var timers: [Task<Void, Never>] = []
            let result = await withCheckedContinuation { waiter in
                switch locked({ enrol(&$0.queue, id, waiter) }) {
                case .finished(let result): waiter.resume(returning: result)
                case .wait(let startsWorker):
                    // Enrolled first: a time-out must find its waiter.
                    timers.append(after(start + timeout) { $0.timeOut(id) })
                    if let cutOff { timers.append(after(start + cutOff) { $0.cutOff(id) }) }
                    if startsWorker { startWorker() }
                }
            }
            for timer in timers { timer.cancel() }
            return result
        }

        private func cutOff(_ id: UInt64) {
            let (action, worker) = locked { state in
                let action = state.queue.cutOff(id)
                return (action, action.cancelWorker ? state.worker : nil)
            }
            worker?.cancel()
            resume(action.resume)
        }

        private func timeOut(_ id: UInt64) {
            let (action, worker) = locked { state in
                let action = state.queue.timeOut(id)
                if action.cancelWorker { state.isClosed = true }
                return (action, action.cancelWorker ? state.worker : nil)
            }
            worker?.cancel()
            if action.closeExporter {
                // Nobody waits for it: the time is over. It is bounded in itself.
                Task.detached { [exporter] in await exporter.shutdown() }
            }
            resume(action.resume)
        }

        private func armTimer() {
            let timer = after(time.now + settings.scheduleDelay) { processor in
                let action = processor.locked { $0.queue.delayElapsed() }
                if action == .startWorker { processor.startWorker() }
            }
            let isLate = locked { state in
                if !state.isClosed { state.timer = timer }
                return state.isClosed
            }
            if isLate { timer.cancel() }
        }

        /// Detached, here and below: a span's own task-locals, its tracer among them, must not leak into its export.
        private func after(
            _ deadline: MonotonicInstant, _ work: @escaping @Sendable (BatchSpanProcessor) -> Void
        ) -> Task<Void, Never> {
            Task.detached { [self] in
                do { try await time.sleep(until: deadline) } catch { return }
                work(self)
            }
        }

        private func startWorker() {
            let worker = Task.detached { [self] in await work() }
            let isLate = locked { state in
                if !state.isClosed { state.worker = worker }
                return state.isClosed
            }
            // The time of the shutdown ran out in between.
            if isLate { worker.cancel() }
        }

        private func work() async {
            while true {
                switch locked({ $0.queue.nextBatch() }) {
                case .export(let spans):
                    let result = await export(spans)
                    resume(locked { $0.queue.exportFinished(result) })
                case .closeExporter:
                    await exporter.shutdown()
                    return close()
                case .rest(let armsTimer):
                    return armsTimer ? armTimer() : ()
                }
            }
        }

        /// One export, cancelled when its time is over. What the exporter then still reports is what counts: until it
        /// returns the batch is pending, and no other export starts.
        private func export(_ spans: [SpanData]) async -> ExportResult {
            guard settings.exportTimeout > .zero else { return await exporter.export(spans, resource: resource) }
            let deadline = time.now + settings.exportTimeout
            return await withTaskGroup(of: ExportResult?.self) { group in
                group.addTask { [self] in await exporter.export(spans, resource: resource) }
                group.addTask { [self] in
                    try? await time.sleep(until: deadline)
                    return nil
                }
                var result = ExportResult(unknown: spans.count)
                for await outcome in group {
                    if let outcome { result = outcome }
                    group.cancelAll()
                }
                return result
            }
        }

        private func close() {
            let (resumptions, timer) = locked { state in
                state.isClosed = true
                return (state.queue.exporterClosed(), state.timer)
            }
            timer?.cancel()
            resume(resumptions)
        }

        private func resume(_ resumptions: [Queue.Resumption]) {
            for (waiter, result) in resumptions { waiter.resume(returning: result) }
        }
    }
}
