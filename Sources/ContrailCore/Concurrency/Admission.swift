import ContrailBase

/// Hands out permits: drives ``PermitQueue``, and the adaptive limits of origins if there are any.
final class Admission: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var queue: PermitQueue<Waiter>
        var adaptive: LRUTable<Origin, AdaptiveLimit>?
        var isShutDown = false

        mutating func limit(of origin: Origin, _ settings: AdaptiveConcurrency?, _ now: MonotonicInstant) -> Int? {
            guard let settings else { return nil }
            return adaptive?.update(origin, initial: AdaptiveLimit(settings, at: now)) { $0.limit }
        }
    }

    /// Why there is no permit.
    enum Refusal: Error, Equatable {
        case full
        case deadline
        /// It waited as long as the limits allow.
        case queueTime
        /// It had to make room for a higher priority.
        case shed
        case shutDown
    }

    private let limits: ConcurrencyLimits
    private let state: Locked<State>
    private let time: any TimeSource
    private let timer: WakeTimer

    init(limits: ConcurrencyLimits, time: any TimeSource) {
        self.limits = limits
        self.time = time
        let adaptive = limits.adaptive.map { _ in LRUTable<Origin, AdaptiveLimit>(capacity: Origin.maxRemembered) }
        state = Locked(State(queue: PermitQueue(limits: limits), adaptive: adaptive))
        timer = WakeTimer(time: time)
    }

    /// A permit, if there is one for the asking. There is none where the limit adapts itself, or the client was shut down:
    /// then ``acquire(_:priority:deadline:)`` says why.
    func acquireAtOnce(_ origin: Origin) -> Bool {
        guard limits.adaptive == nil else { return false }
        return state.withLock { !$0.isShutDown && $0.queue.takeAtOnce(origin) }
    }

    /// Waits for a permit. Throws ``Refusal`` or `CancellationError`; then there is none to give back.
    /// - Returns: whether the call had to wait.
    func acquire(
        _ origin: Origin, priority: Priority = .normal, deadline: MonotonicInstant?,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Bool {
        guard let ticket = try request(origin, priority) else { return false }
        defer { forget(ticket) }
        let end = WaitEnd(deadline: deadline, queue: limits.maxQueueTime.map { time.now + $0 })
        do {
            try await withTaskCancellationHandler {
                _ = isolation
                try await withCheckedThrowingContinuation { (continuation: Waiter) in
                    enqueue(continuation, ticket, origin, priority, end.first)
                }
            } onCancel: {
                cancel(ticket)
            }
        } catch Refusal.deadline where end.isOfQueue {
            throw Refusal.queueTime
        }
        return true
    }

    /// A ticket to wait with; `nil`: the permit is there.
    @inline(never)
    private func request(_ origin: Origin, _ priority: Priority) throws -> UInt64? {
        let now = limits.adaptive == nil ? nil : time.now
        let (answer, isShutDown) = state.withLock { state in
            if state.isShutDown { return (PermitQueue<Waiter>.Request.full, true) }
            let limit = now.flatMap { state.limit(of: origin, limits.adaptive, $0) }
            return (state.queue.request(origin, priority: priority, limit: limit), false)
        }
        switch answer {
        case _ where isShutDown: throw Refusal.shutDown
        case .admitted: return nil
        case .full: throw Refusal.full
        case .mustWait(let ticket): return ticket
        }
    }

    @inline(never)
    private func forget(_ ticket: UInt64) { state.withLock { $0.queue.forget(ticket) } }

    @inline(never)
    private func cancel(_ ticket: UInt64) {
        state.withLock { $0.queue.cancel(ticket) }?.resume(throwing: CancellationError())
    }

    /// When a wait is over, and whose end that is.
    private struct WaitEnd {
        let first: MonotonicInstant?
        let isOfQueue: Bool

        init(deadline: MonotonicInstant?, queue: MonotonicInstant?) {
            isOfQueue = queue.map { queue in deadline.map { queue <= $0 } ?? true } ?? false
            first = isOfQueue ? queue : deadline
        }
    }

    /// Those who wait for a permit.
    var waitingCount: Int { state.withLock { $0.queue.waitingCount } }

    /// Gives a permit back, to whoever is next.
    func release(_ origin: Origin) {
        state.withLock { $0.queue.release(origin) }?.resume()
    }

    /// Tells the adaptive limit of an origin how a send went, before its permit is given back.
    func note(_ origin: Origin, latency: Duration?, isOverload: Bool) {
        guard let settings = limits.adaptive else { return }
        let now = time.now
        let admitted = state.withLock { state in
            let underWay = state.queue.inUse(of: origin)
            let limit = state.adaptive?.update(origin, initial: AdaptiveLimit(settings, at: now)) {
                $0.note(latency: latency, isOverload: isOverload, underWay: underWay, at: now)
                return $0.limit
            }
            return limit.map { state.queue.setLimit($0, of: origin) } ?? []
        }
        for waiter in admitted { waiter.resume() }
    }

    /// Refuses those who wait and those who come. Permits that are out can still be given back.
    func shutDown() {
        let waiters = state.withLock { state in
            state.isShutDown = true
            return state.queue.removeAll()
        }
        timer.end()
        for waiter in waiters { waiter.resume(throwing: Refusal.shutDown) }
    }

    @inline(never)
    private func enqueue(
        _ waiter: Waiter, _ ticket: UInt64, _ origin: Origin, _ priority: Priority, _ deadline: MonotonicInstant?
    ) {
        let now = limits.adaptive == nil ? nil : time.now
        let (arrival, isShutDown) = state.withLock { state in
            let limit = now.flatMap { state.limit(of: origin, limits.adaptive, $0) }
            let arrival = state.queue.enqueue(
                waiter, ticket: ticket, origin: origin, priority: priority, deadline: deadline, limit: limit)
            return (arrival, state.isShutDown)
        }
        switch arrival {
        case .admitted(let waiter): waiter.resume()
        case .cancelled(let waiter): waiter.resume(throwing: CancellationError())
        case .full(let waiter): waiter.resume(throwing: Refusal.full)
        case .queued(let shed):
            shed?.resume(throwing: Refusal.shed)
            if isShutDown { shutDown() } else { armTimer() }
        }
    }

    // MARK: Deadlines of those who wait

    private func armTimer() {
        let next = state.withLock { $0.queue.nextDeadline() }
        timer.arm(for: next) { [weak self] in self?.timerFired() }
    }

    private func timerFired() {
        let now = time.now
        let expired = state.withLock { $0.queue.expire(at: now) }
        for waiter in expired { waiter.resume(throwing: Refusal.deadline) }
        armTimer()
    }
}
