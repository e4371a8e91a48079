import ContrailBase

/// Sends what a source gives, a window at a time: drives ``GatherWindow``.
///
/// One task per input that is under way, all of them children of whoever runs ``run()``. A task that has nothing to do rests:
/// that costs less than making another when the reader has taken a result. There are never more tasks than slots.
final class Gathering<Input: Sendable>: Sendable {
    typealias Element = HTTPCall.Gathered<Input>
    private typealias Waiter = CheckedContinuation<Element?, any Error>
    private typealias Worker = CheckedContinuation<Bool, Never>
    private typealias Window = GatherWindow<Element, Waiter, Worker>

    /// What the source gives: sends it, and says what was sent.
    typealias Job = @Sendable (_ isWanted: Bool) async -> (Input, Result<HTTPCall.Response, any Error>)

    private enum Command {
        case addWorker, cancelWork, handOut
    }

    private let source: GatherSource<Job>
    private let sink: (@Sendable (Int, Result<HTTPCall.Response, any Error>) -> Void)?
    private let window: Locked<Window>
    /// At most one of each kind is under way.
    private let commands = AsyncStream.makeStream(of: Command.self, bufferingPolicy: .bufferingOldest(3))

    /// - Parameter sink: gets the results; `nil`: a reader takes them with ``next()``.
    init(
        _ source: @escaping GatherSource<Job>, slots: GatherSlots,
        sink: (@Sendable (Int, Result<HTTPCall.Response, any Error>) -> Void)? = nil
    ) {
        self.source = source
        self.sink = sink
        window = Locked(Window(slots: slots))
    }

    /// Slots of the window that are in use.
    var used: Int { window.withLock { $0.used } }
    var progress: HTTPCall.GatherProgress { window.withLock { $0.progress } }

    // MARK: The workers

    /// Runs the workers until all is over. Cancelling the task cancels what is under way.
    func run() async {
        if sink != nil { act(window.withLock { $0.start() }) }
        await withDiscardingTaskGroup { group in
            for await command in commands.stream {
                switch command {
                case .addWorker: group.addTask { await self.work() }
                case .cancelWork: group.cancelAll()
                case .handOut: handOut()
                }
            }
            // The commands ended early, nobody obeys any more: nothing more is taken, and nobody rests for ever.
            if Task.isCancelled { cancel() }
        }
    }

    private func work() async {
        var isNeeded = window.withLock { $0.workerComes() }
        while isNeeded {
            switch await takeOne() {
            case .another: continue
            case .nothingToDo: isNeeded = await rest()
            case .sourceIsOver: return
            }
        }
    }

    private enum Turn {
        case another, nothingToDo, sourceIsOver
    }

    /// Sends the next input. Apart from the loop, so that a task that rests keeps neither input nor result.
    @inline(never)
    private func takeOne() async -> Turn {
        guard let job = await pull() else { return .sourceIsOver }
        let (index, isWanted, effects) = window.withLock { $0.pulled() }
        act(effects)
        let (input, result) = await job(isWanted && !Task.isCancelled)
        return finish(index, input, result) ? .another : .nothingToDo
    }

    /// Waits until the worker is to take the next input. False: it is not needed any more.
    private func rest() async -> Bool {
        let isAsked = await withCheckedContinuation { worker in
            switch window.withLock({ $0.rest(worker) }) {
            case .rests: break
            case .isAsked: worker.resume(returning: true)
            case .isDismissed: worker.resume(returning: false)
            }
        }
        return isAsked && window.withLock { $0.workerComes() }
    }

    private func pull() async -> Job? {
        do {
            if let job = try await source() { return job }
            act(window.withLock { $0.sourceEnded(nil) })
        } catch {
            act(window.withLock { $0.sourceEnded(error) })
        }
        return nil
    }

    /// True if the worker is to go on.
    private func finish(_ index: Int, _ input: Input, _ result: Result<HTTPCall.Response, any Error>) -> Bool {
        sink?(index, result)
        let (keepsWorker, effects) = window.withLock { window in
            guard sink == nil else { return window.finished(failure: result.failure, nil) }
            return window.finished(failure: result.failure) {
                Element(index: index, input: input, result: result, progress: $0)
            }
        }
        act(effects)
        return keepsWorker
    }

    // MARK: The reader

    /// The next result, in the order of completion. The first question starts the work; ``run()`` does it.
    func next(isolation: isolated (any Actor)? = #isolation) async throws -> Element? {
        try await withTaskCancellationHandler {
            _ = isolation
            let (answer, effects) = window.withLock { $0.next() }
            act(effects)
            switch answer {
            case .element(let element): return element
            case .over(let ending): return try Self.end(ending)
            case .wait: return try await wait()
            }
        } onCancel: {
            cancel()
        }
    }

    /// The reader has gone. Idempotent.
    func cancel() { act(window.withLock { $0.cancel() }) }

    private func wait() async throws -> Element? {
        try await withCheckedThrowingContinuation { waiter in
            let (answer, effects) = window.withLock { $0.next(waiter) }
            act(effects)
            switch answer {
            case .element(let element): waiter.resume(returning: element)
            case .over(let ending): waiter.resume(with: Result { try Self.end(ending) })
            case .wait: break
            }
        }
    }

    private func handOut() { act(window.withLock { $0.handOut() }) }

    private func act(_ effects: Window.Effects) {
        if let (waiter, element) = effects.handOver { waiter.resume(returning: element) }
        for (waiter, ending) in effects.released { waiter.resume(with: Result { try Self.end(ending) }) }
        effects.woken?.resume(returning: true)
        for worker in effects.dismissed { worker.resume(returning: false) }
        if effects.cancelsWork { commands.continuation.yield(.cancelWork) }
        if effects.asksForWorker { commands.continuation.yield(.addWorker) }
        // Behind the workers whose results have come at the same time; behind the end there are none.
        if effects.asksForHandOut, case .terminated = commands.continuation.yield(.handOut) { handOut() }
        if effects.isOver { commands.continuation.finish() }
    }

    private static func end(_ ending: Window.Ending) throws -> Element? {
        switch ending {
        case .complete: return nil
        case .cancelled: throw CancellationError()
        case .sourceFailed(let error as CancellationError): throw error
        case .sourceFailed(let error):
            throw ClientError(
                .sourceFailed, "The sequence of requests failed; what it gave before was sent.", cause: error)
        case .stopped(let failure):
            throw ClientError(
                .gatherStopped, "As many requests failed as the options allow: the rest was cancelled.",
                cause: failure)
        }
    }
}
