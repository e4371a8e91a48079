import ContrailBase

/// Sends what a source gives, a window at a time: drives ``GatherWindow``.
///
/// One task per input that is under way, all of them children of whoever runs ``run()``.
final class Gathering<Input: Sendable>: Sendable {
    typealias Element = HTTPCall.Gathered<Input>
    private typealias Waiter = CheckedContinuation<Element?, any Error>
    private typealias Window = GatherWindow<Element, Waiter>

    /// What the source gives: sends it, and says what was sent.
    typealias Job = @Sendable (_ isWanted: Bool) async -> (Input, Result<HTTPCall.Response, any Error>)

    private enum Command {
        case addWorker, cancelWork
    }

    private let source: GatherSource<Job>
    private let sink: (@Sendable (Int, Result<HTTPCall.Response, any Error>) -> Void)?
    private let window: Locked<Window>
    /// At most one of each kind is under way.
    private let commands = AsyncStream.makeStream(of: Command.self, bufferingPolicy: .bufferingOldest(2))

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
        if sink != nil, window.withLock({ $0.start() }) { commands.continuation.yield(.addWorker) }
        await withDiscardingTaskGroup { group in
            for await command in commands.stream {
                switch command {
                case .addWorker: group.addTask { await self.work() }
                case .cancelWork: group.cancelAll()
                }
            }
        }
    }

    private func work() async {
        guard window.withLock({ $0.workerComes() }) else { return }
        while let job = await pull() {
            let (index, isWanted, effects) = window.withLock { $0.pulled() }
            act(effects)
            let (input, result) = await job(isWanted && !Task.isCancelled)
            guard finish(index, input, result) else { return }
        }
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
    func next() async throws -> Element? {
        try await withTaskCancellationHandler {
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

    private func act(_ effects: Window.Effects) {
        if let (waiter, element) = effects.handOver { waiter.resume(returning: element) }
        for (waiter, ending) in effects.released { waiter.resume(with: Result { try Self.end(ending) }) }
        if effects.cancelsWork { commands.continuation.yield(.cancelWork) }
        if effects.asksForWorker { commands.continuation.yield(.addWorker) }
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
