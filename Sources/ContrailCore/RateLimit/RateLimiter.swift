import ContrailBase
import HTTPTypes

/// Makes sends wait for their turn under the rate limits: drives ``RateQueue``.
final class RateLimiter: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>
    private typealias Queue = RateQueue<Waiter>

    private struct State {
        var queue: Queue
        var isShutDown = false
    }

    /// Why a send may not start.
    enum Refusal: Error, Equatable {
        case costTooHigh(burst: Int)
        case deadline
        case full
        case shutDown
    }

    private let limits: RateLimits
    private let state: Locked<State>
    private let time: any TimeSource
    private let random: any RandomSource
    private let timer: WakeTimer

    init(limits: RateLimits, maxQueued: Int, time: any TimeSource, random: any RandomSource) {
        self.limits = limits
        self.time = time
        self.random = random
        state = Locked(State(queue: RateQueue(limits: limits, maxQueued: maxQueued)))
        timer = WakeTimer(time: time)
    }

    func claim(_ origin: Origin, key: String?, tokenCost: Int) -> RateClaim {
        RateClaim(limits, lane: RateLane(origin: origin, key: key), tokenCost: tokenCost)
    }

    /// Waits until the send may start. Throws ``Refusal`` or `CancellationError`; then nothing was taken.
    /// - Returns: whether it had to wait.
    func acquire(_ claim: RateClaim, deadline: MonotonicInstant?) async throws -> Bool {
        let now = time.now
        let answer = state.withLock { $0.isShutDown ? nil : $0.queue.request(claim, deadline: deadline, at: now) }
        switch answer {
        case nil: throw Refusal.shutDown
        case .admitted: return false
        case .refused(let refusal): throw Refusal(refusal)
        case .mustWait(let ticket):
            try await wait(ticket, claim, deadline)
            return true
        }
    }

    /// A send that was let go did not start: what it took is there for the next.
    func giveBack(_ claim: RateClaim) {
        let now = time.now
        state.withLock { $0.queue.giveBack(claim, at: now) }
        advance()
    }

    /// Reads what the response to a send says about the server's own limits.
    func note(_ response: ResponseHead, of claim: RateClaim) {
        guard limits.followsServer else { return }
        let headers = response.headers
        let wall = time.wallNanoseconds
        let reports = RateLimitReport.read(
            headers, wallNanoseconds: ServerDelay.serverTime(headers, wallNanoseconds: wall))
        let isThrottled = OutcomeClass.of(status: response.status.code) == .throttled
        guard isThrottled || !reports.isEmpty else { return }
        let delay = isThrottled ? ServerDelay.read(headers, wallNanoseconds: wall)?.delay : nil
        let (now, unit) = (time.now, random.unit())
        state.withLock { state in
            state.queue.note(reports, about: claim, at: now, unit: unit)
            if isThrottled { state.queue.noteThrottled(claim, delay: delay, at: now, unit: unit) }
        }
        advance()
    }

    /// Refuses those who wait and those who come.
    func shutDown() {
        let waiters = state.withLock { state in
            state.isShutDown = true
            return state.queue.removeAll()
        }
        timer.end()
        for waiter in waiters { waiter.resume(throwing: Refusal.shutDown) }
    }

    private func wait(
        _ ticket: UInt64, _ claim: RateClaim, _ deadline: MonotonicInstant?,
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        defer { state.withLock { $0.queue.forget(ticket) } }
        try await withTaskCancellationHandler {
            _ = isolation
            try await withCheckedThrowingContinuation { (continuation: Waiter) in
                let now = time.now
                let (arrival, isShutDown) = state.withLock { state in
                    let arrival = state.queue.enqueue(
                        continuation, ticket: ticket, claim: claim, deadline: deadline, at: now)
                    return (arrival, state.isShutDown)
                }
                switch arrival {
                case .admitted(let waiter): waiter.resume()
                case .cancelled(let waiter): waiter.resume(throwing: CancellationError())
                case .queued: if isShutDown { shutDown() } else { advance() }
                }
            }
        } onCancel: {
            state.withLock { $0.queue.cancel(ticket) }?.resume(throwing: CancellationError())
            advance()
        }
    }

    /// Lets go whoever's time has come, and sets the timer for the next.
    private func advance() {
        let now = time.now
        let (releases, wake) = state.withLock { state in
            let releases = state.queue.advance(to: now)
            return (releases, state.queue.nextWake())
        }
        for waiter in releases.admitted { waiter.resume() }
        for waiter in releases.expired { waiter.resume(throwing: Refusal.deadline) }
        timer.arm(for: wake) { [weak self] in self?.advance() }
    }
}

extension RateLimiter.Refusal {
    fileprivate init(_ refusal: RateQueue<CheckedContinuation<Void, any Error>>.Refusal) {
        switch refusal {
        case .costTooHigh(let burst): self = .costTooHigh(burst: burst)
        case .deadline: self = .deadline
        case .full: self = .full
        }
    }
}
