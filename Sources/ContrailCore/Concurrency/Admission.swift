import ContrailBase

/// Hands out permits: drives ``PermitQueue``. The only place where work waits for its turn.
final class Admission: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var queue: PermitQueue<Waiter>
        var isShutDown = false
        /// The one timer task and the instant that it wakes for; `nil` if there is none.
        var timer: (task: Task<Void, Never>, due: MonotonicInstant)?
    }

    /// Why there is no permit.
    enum Refusal: Error, Equatable {
        case full
        case deadline
        case shutDown
    }

    private let state: Locked<State>
    private let time: any TimeSource

    init(limits: ConcurrencyLimits, time: any TimeSource) {
        state = Locked(State(queue: PermitQueue(limits: limits)))
        self.time = time
    }

    deinit { state.withLock { $0.timer }?.task.cancel() }

    /// Waits for a permit. Throws ``Refusal`` or `CancellationError`; then there is none to give back.
    /// - Returns: whether the call had to wait.
    func acquire(_ origin: Origin, deadline: MonotonicInstant?) async throws -> Bool {
        let (answer, isShutDown) = state.withLock { ($0.isShutDown ? .full : $0.queue.request(origin), $0.isShutDown) }
        switch answer {
        case _ where isShutDown: throw Refusal.shutDown
        case .admitted: return false
        case .full: throw Refusal.full
        case .mustWait(let ticket):
            try await wait(ticket, origin, deadline)
            return true
        }
    }

    /// Those who wait for a permit.
    var waitingCount: Int { state.withLock { $0.queue.waitingCount } }

    /// Gives a permit back, to whoever is next.
    func release(_ origin: Origin) {
        state.withLock { $0.queue.release(origin) }?.resume()
    }

    /// Refuses those who wait and those who come. Permits that are out can still be given back.
    func shutDown() {
        let (waiters, timer) = state.withLock { state in
            defer { state.timer = nil }
            state.isShutDown = true
            return (state.queue.removeAll(), state.timer?.task)
        }
        timer?.cancel()
        for waiter in waiters { waiter.resume(throwing: Refusal.shutDown) }
    }

    private func wait(_ ticket: UInt64, _ origin: Origin, _ deadline: MonotonicInstant?) async throws {
        defer { state.withLock { $0.queue.forget(ticket) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: Waiter) in
                let arrival = state.withLock { state -> (PermitQueue<Waiter>.Arrival, isShutDown: Bool) in
                    let arrival = state.queue.enqueue(continuation, ticket: ticket, origin: origin, deadline: deadline)
                    return (arrival, state.isShutDown)
                }
                switch arrival.0 {
                case .admitted(let waiter): waiter.resume()
                case .cancelled(let waiter): waiter.resume(throwing: CancellationError())
                case .queued where arrival.isShutDown: shutDown()
                case .queued: armTimer()
                }
            }
        } onCancel: {
            state.withLock { $0.queue.cancel(ticket) }?.resume(throwing: CancellationError())
        }
    }

    // MARK: Deadlines of those who wait

    /// One timer task for all who wait, and none once the last deadline is over.
    private func armTimer() {
        let outdated = state.withLock { state -> Task<Void, Never>? in
            guard let next = state.queue.nextDeadline() else { return nil }
            if let timer = state.timer, timer.due <= next { return nil }
            defer { state.timer = (makeTimer(next), next) }
            return state.timer?.task
        }
        outdated?.cancel()
    }

    private func makeTimer(_ due: MonotonicInstant) -> Task<Void, Never> {
        Task { [weak self, time] in
            do { try await time.sleep(until: due) } catch { return }
            self?.timerFired(due)
        }
    }

    private func timerFired(_ due: MonotonicInstant) {
        let now = time.now
        let expired = state.withLock { state in
            if state.timer?.due == due { state.timer = nil }
            return state.queue.expire(at: now)
        }
        for waiter in expired { waiter.resume(throwing: Refusal.deadline) }
        armTimer()
    }
}
