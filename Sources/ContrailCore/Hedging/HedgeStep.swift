import ContrailBase
import HTTPTypes

/// Makes further sends while one takes long: drives ``HedgeSession``, and keeps the times and budgets of origins.
final class HedgeStep: Sendable {
    private let policy: HedgingPolicy?
    private let histograms = Locked(LRUTable<Origin, LatencyHistogram>(capacity: Origin.maxRemembered))
    private let hedgeBudgets: RetryBudgets
    private let retryBudgets: RetryBudgets
    private let sleeps: Sleeps
    private let time: any TimeSource

    typealias Outcome = Result<WireResponse, any Error>

    private enum Event: Sendable {
        case due
        case ended(send: Int, Outcome, took: Duration)
    }

    init(settings: PipelineSettings, retryBudgets: RetryBudgets, sleeps: Sleeps) {
        policy = settings.hedging
        hedgeBudgets = RetryBudgets((settings.hedging ?? HedgingPolicy()).budget)
        self.retryBudgets = retryBudgets
        self.sleeps = sleeps
        time = settings.time
    }

    /// Whether there is anything to do here; if not, the send needs no closure and no step around it.
    func concerns(_ request: WireRequest, _ call: CallState) -> Bool { policy(request, call) != nil }

    private func policy(_ request: WireRequest, _ call: CallState) -> HedgingPolicy? {
        guard let policy = call.request.hedging ?? policy,
            Idempotency.of(request, asTold: call.request.isIdempotent), request.body?.isReplayable ?? true
        else { return nil }
        return policy
    }

    /// The first answer of one or more sends, and how many were made beside the first. Nothing is left of the others.
    // Rarely needed, and its frame is large: not to become part of every call's.
    @inline(never)
    func run(
        _ request: WireRequest, _ call: CallState,
        send: @escaping @Sendable () async -> Outcome
    ) async -> (outcome: Outcome, extraSends: Int) {
        guard let policy = policy(request, call) else { return (await send(), 0) }
        let origin = request.origin
        guard let delay = delay(policy, origin) else {
            let start = time.now
            let outcome = await send()
            record(outcome, origin, took: time.now - start)
            return (outcome, 0)
        }
        let session = HedgeSession(delay: delay, maxExtraSends: policy.maxExtraSends)
        return await race(session, delay, origin, call, send)
    }

    private func race(
        _ session: HedgeSession, _ delay: Duration, _ origin: Origin, _ call: CallState,
        _ send: @escaping @Sendable () async -> Outcome
    ) async -> (Outcome, Int) {
        await withTaskGroup(of: Event.self) { group in
            var session = session
            var answer: (send: Int, outcome: Outcome)?
            /// What a send brought that did not go well, should no other do better.
            var fallback: (send: Int, outcome: Outcome)?
            addSend(0, to: &group, send)
            addTimer(session.nextHedge(after: time.now), to: &group)
            while let event = await group.next() {
                switch event {
                case .due:
                    guard session.hedgeIsDue(hasBudget: { withdraw(origin) }) else { continue }
                    call.tell(.hedgeIssued(after: delay, at: time.now))
                    addSend(session.sends - 1, to: &group, send)
                    addTimer(session.nextHedge(after: time.now), to: &group)
                case .ended(let number, let outcome, let took):
                    record(outcome, origin, took: took)
                    let reading = OutcomeReading(outcome, wallNanoseconds: time.wallNanoseconds)
                    let isOfASend = reading.outcome.isOfASend
                    // A hedge that was not admitted here decides nothing: the send under way may still bring an answer.
                    let outcomeClass = isOfASend ? reading.outcome.outcomeClass : .notSent
                    let asksToWait = reading.outcome.serverDelay != nil
                    switch session.ended(outcomeClass, serverAsksToWait: asksToWait) {
                    case .wait:
                        reading.discardBody()
                        if answer == nil, isOfASend, reading.outlastsDiscarding { fallback = (number, outcome) }
                    case .finish where !isOfASend && fallback != nil:
                        answer = fallback
                        group.cancelAll()
                    case .win, .finish:
                        answer = (number, outcome)
                        group.cancelAll()
                    }
                }
            }
            if session.sends > 1, !Task.isCancelled {
                call.tell(.hedgeDecided(hedgeWon: (answer?.send ?? 0) > 0, at: time.now))
            }
            return (answer?.outcome ?? .failure(CancellationError()), session.sends - 1)
        }
    }

    private func addSend(
        _ number: Int, to group: inout TaskGroup<Event>, _ send: @escaping @Sendable () async -> Outcome
    ) {
        group.addTask { [time] in
            let start = time.now
            let outcome = await send()
            return .ended(send: number, outcome, took: time.now - start)
        }
    }

    private func addTimer(_ due: MonotonicInstant?, to group: inout TaskGroup<Event>) {
        guard let due else { return }
        group.addTask { [sleeps] in
            // Ended early it is due as well: by then the session says no.
            try? await sleeps.sleep(until: due)
            return .due
        }
    }

    private func delay(_ policy: HedgingPolicy, _ origin: Origin) -> Duration? {
        switch policy.delay {
        case .fixed(let delay): return delay
        case .percentile(let share):
            let now = time.now
            return histograms.withLock {
                $0.update(origin, initial: LatencyHistogram()) { $0.percentile(share, at: now) }
            }
        }
    }

    /// Both budgets or none.
    private func withdraw(_ origin: Origin) -> Bool {
        let now = time.now
        guard hedgeBudgets.withdraw(origin, at: now) else { return false }
        guard retryBudgets.withdraw(origin, at: now) else {
            hedgeBudgets.giveBack(origin, at: now)
            return false
        }
        return true
    }

    /// Good answers, and sends that were given up: failures that come fast say nothing about how long answers take.
    private func record(_ outcome: Outcome, _ origin: Origin, took: Duration) {
        let now = time.now
        switch outcome {
        case .success(let response) where OutcomeClass.of(status: response.statusCode) == .success:
            hedgeBudgets.noteSuccess(origin, at: now)
        case .failure(is CancellationError): break
        case .failure(let error as TransportError) where error.kind == .timeout: break
        default: return
        }
        histograms.withLock { $0.update(origin, initial: LatencyHistogram()) { $0.record(took, at: now) } }
    }
}
