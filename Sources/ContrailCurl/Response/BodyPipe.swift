import ContrailBase
import ContrailCore
import HTTPTypes

/// A stream's body between the loop's thread and its consumer.
final class BodyPipe: Sendable {
    typealias Waiter = Reply<ByteChunk?>

    private struct State {
        var queue = BodyQueue<Waiter>()
        var summary: SendSummary
        var trailers: HTTPFields = [:]
    }

    private let transfer: Transfer
    private let loop: EventLoop
    private let state: Locked<State>

    init(_ transfer: Transfer, loop: EventLoop, summary: SendSummary) {
        self.transfer = transfer
        self.loop = loop
        state = Locked(State(summary: summary))
    }

    // MARK: The loop's side

    var outstanding: Int { state.withLock { $0.queue.outstanding } }

    /// True if the transfer should go on at once.
    func offer(_ chunk: ByteChunk, isPaused: Bool) -> Bool {
        state.withLock { $0.queue.offer(chunk, isPaused: isPaused) }
    }

    func finish(_ answer: Result<WireResponse, any Error>, summary: SendSummary?) {
        let error: (any Error)? = if case .failure(let error) = answer { error } else { nil }
        state.withLock {
            $0.queue.finish(error)
            if case .success(let response) = answer { $0.trailers = response.trailers }
            if let summary { $0.summary = summary }
        }
    }

    /// Behind the work of a turn: resumes the consumer if it waits for what has come.
    func wakeConsumer() {
        guard let (waiter, item, resume) = state.withLock({ $0.queue.wake() }) else { return }
        if resume { loop.send(.resume(transfer)) }
        waiter.resume(with: Self.result(item))
    }

    // MARK: The consumer's side

    var hasWaiter: Bool { state.withLock { $0.queue.hasWaiter } }

    var summary: SendSummary { state.withLock { $0.summary } }
    var trailers: HTTPFields { state.withLock { $0.trailers } }

    func next(isolation: isolated (any Actor)? = #isolation) async throws -> ByteChunk? {
        if Task.isCancelled { cancel() }
        if let (item, resume) = state.withLock({ $0.queue.take() }) {
            if resume { loop.send(.resume(transfer)) }
            return try Self.result(item).get()
        }
        return try await withTaskCancellationHandler {
            _ = isolation
            return try await Reply.wait { park($0) }
        } onCancel: {
            cancel()
        }
    }

    private func park(_ waiter: Waiter) {
        guard !state.withLock({ $0.queue.park(waiter) }) else { return }
        let taken = state.withLock { $0.queue.hasWaiter ? nil : $0.queue.take() }
        guard let (item, resume) = taken else {
            let error = TransportError(
                .other, "a body has one consumer; another one is waiting already", summary: summary)
            return waiter.resume(with: .failure(error))
        }
        if resume { loop.send(.resume(transfer)) }
        waiter.resume(with: Self.result(item))
    }

    func cancel() {
        let ended = LoopDriver.readClock()
        let mustTell = state.withLock { state in
            if state.summary.ended == nil { state.summary.ended = ended }
            return state.queue.cancel(TransportError.cancelled(state.summary))
        }
        if mustTell { loop.send(.cancel(transfer)) }
        wakeConsumer()
    }

    private static func result(_ item: BodyQueue<Waiter>.Item) -> Result<ByteChunk?, any Error> {
        switch item {
        case .chunk(let chunk): .success(chunk)
        case .end: .success(nil)
        case .failure(let error): .failure(error)
        }
    }
}

/// What the consumer holds. Letting go of it gives up the rest of the body.
final class CurlBodyStream: WireBodyStream {
    let pipe: BodyPipe

    init(_ pipe: BodyPipe) { self.pipe = pipe }

    deinit { pipe.cancel() }

    func next() async throws -> ByteChunk? { try await pipe.next() }
    func cancel() { pipe.cancel() }
    var summary: SendSummary { pipe.summary }
    var trailers: HTTPFields { pipe.trailers }
}
