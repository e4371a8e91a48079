import ContrailBase
import ContrailCore

/// A request body between its source and the loop's thread.
///
/// A task of its own runs the source, so that it may wait for whatever it likes. The task begins its work when the
/// connection is there and has ended, or was told to, when the transfer is over.
final class UploadPipe: Sendable {
    private typealias Waiter = Reply<Void>

    private struct State {
        var queue: UploadQueue<Waiter>
        /// What libcurl reads from at the moment.
        var current: ByteChunk?
        /// Where the loop is to be told about; `nil`: not started, or over.
        var target: Target?
        var pump: Task<Void, Never>?
    }

    private struct Target {
        let loop: EventLoop
        let transfer: Transfer
    }

    /// What the source did wrong.
    enum Problem: Error {
        case failed(any Error)
        case tooShort(brought: Int64, promised: Int64)
        case tooLong(promised: Int64)
        case concurrent
    }

    let length: Int64?
    private let state: Locked<State>

    init(length: Int64?) {
        self.length = length
        state = Locked(State(queue: UploadQueue(length: length)))
    }

    // MARK: The sender's side

    /// Starts the task, which inherits the caller's priority and task-local values.
    func start(_ body: WireBody, for transfer: Transfer, on loop: EventLoop) {
        state.withLock { $0.target = Target(loop: loop, transfer: transfer) }
        let pump = Task {
            do {
                try await self.waitForRoom()
                try await body.write { try await self.write($0) }
                self.finish()
            } catch {
                self.fail(error)
            }
        }
        state.withLock { $0.pump = pump }
    }

    // MARK: The source's side

    private func write(_ chunk: ByteChunk) async throws {
        switch state.withLock({ $0.queue.offer(chunk) }) {
        case .taken(let resume, let wait):
            if resume { tell { .resumeUpload($0) } }
            if wait { try await waitForRoom() }
        case .tooLong:
            let problem = Problem.tooLong(promised: length ?? 0)
            tell { .failUpload($0, problem) }
            throw problem
        case .busy:
            tell { .failUpload($0, .concurrent) }
            throw Problem.concurrent
        case .closed: throw CancellationError()
        }
    }

    /// Returns when there is room; throws if nobody wants the rest, or the source cancelled the task that waits here.
    private func waitForRoom(isolation: isolated (any Actor)? = #isolation) async throws {
        try await withTaskCancellationHandler {
            _ = isolation
            try await Reply<Void>.wait { waiter in
                guard state.withLock({ $0.queue.park(waiter) }) else { return waiter.resume(with: .success(())) }
                if Task.isCancelled { unpark() }
            }
        } onCancel: {
            unpark()
        }
        try Task.checkCancellation()
        if state.withLock({ $0.queue.isClosed }) { throw CancellationError() }
    }

    private func unpark() { state.withLock { $0.queue.unpark() }?.resume(with: .success(())) }

    private func finish() {
        switch state.withLock({ $0.queue.finish() }) {
        case .complete(let resume): if resume { tell { .resumeUpload($0) } }
        case .tooShort:
            let brought = state.withLock { $0.queue.total }
            tell { .failUpload($0, .tooShort(brought: brought, promised: self.length ?? 0)) }
        case .closed: break
        }
    }

    private func fail(_ error: any Error) {
        guard state.withLock({ $0.queue.fail() }) else { return }
        tell { .failUpload($0, .failed(error)) }
    }

    private func tell(_ command: (Transfer) -> EventLoop.Command) {
        guard let target = state.withLock({ $0.target }) else { return }
        target.loop.send(command(target.transfer))
    }

    // MARK: The loop's side

    /// The connection is there: the source may be asked. ``wakeProducer()`` must follow.
    func open() { state.withLock { $0.queue.open() } }

    /// The next bytes. Those of the call before are let go.
    func pull() -> UploadQueue<Never>.Item {
        state.withLock { state in
            switch state.queue.pull() {
            case .chunk(let chunk, let isLast):
                state.current = chunk
                return .chunk(chunk, isLast: isLast)
            case .end:
                state.current = nil
                return .end
            case .nothing:
                state.current = nil
                return .nothing
            }
        }
    }

    /// Nobody wants the rest. The source is told by ``wakeProducer()``, which must follow.
    func close() {
        state.withLock { state in
            state.queue.close()
            state.current = nil
            state.target = nil
        }
    }

    /// Behind the work of a turn: lets the producer go on, or end.
    func wakeProducer() {
        let (waiter, pump) = state.withLock { state in
            let pump = state.queue.isClosed ? state.pump : nil
            if pump != nil { state.pump = nil }
            return (state.queue.takeWaiter(), pump)
        }
        waiter?.resume(with: .success(()))
        // Cancelling runs the source's cancellation handlers, and those are nobody's business on this thread.
        if let pump { Task.detached { pump.cancel() } }
    }
}
