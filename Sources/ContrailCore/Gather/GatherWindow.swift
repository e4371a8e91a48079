import DequeModule

/// A gathering: its slots, the results that nobody has taken yet, and who waits for one. Pure.
///
/// Every input that was taken from the source comes out as one element, in the order of completion. Then comes the ending,
/// once. A waiter and a worker that rests are handed back exactly once each.
struct GatherWindow<Element, Waiter, Worker> {
    /// Why no element comes any more.
    enum Ending {
        case complete
        /// Too many failures; this is the last one.
        case stopped(any Error)
        case sourceFailed(any Error)
        case cancelled
    }

    enum Answer {
        case element(Element)
        case wait
        case over(Ending)
    }

    /// What a worker that has nothing to do gets for an answer.
    enum Rest {
        /// It is kept; an effect hands it back.
        case rests
        /// It is asked for.
        case isAsked
        case isDismissed
    }

    /// What an input asks the driver to do, once it has let go of the lock.
    struct Effects {
        /// Somebody who waited gets this.
        var handOver: (waiter: Waiter, element: Element)?
        /// Somebody waits and there is something for him: ``handOut()`` is wanted soon.
        var asksForHandOut = false
        /// For these nothing comes any more.
        var released: [(waiter: Waiter, ending: Ending)] = []
        /// This worker rested and is asked for.
        var woken: Worker?
        /// A worker is asked for, and none rests.
        var asksForWorker = false
        /// These workers rested and are not needed any more.
        var dismissed: [Worker] = []
        /// What is under way is to be cancelled.
        var cancelsWork = false
        /// Nothing is under way, and nothing will be.
        var isOver = false
    }

    private var slots: GatherSlots
    private var ready = Deque<Element>()
    private var waiters = Deque<Waiter>()
    private var isHandOutAsked = false
    /// The last one that came to rest is the first to go.
    private var resting: [Worker] = []
    /// Set by the first thing that ends it early.
    private var earlyEnding: Ending?
    private var isEndTold = false
    /// The reader has gone.
    private var isAbandoned = false

    init(slots: GatherSlots) { self.slots = slots }

    /// Slots in use.
    var used: Int { slots.used }
    var progress: HTTPCall.GatherProgress { slots.progress }

    // MARK: The reader

    /// The next element, if there is one; the first question starts the work.
    /// - Parameter waiter: who waits if there is none yet; `nil`: nobody, the question comes again.
    mutating func next(_ waiter: Waiter? = nil) -> (Answer, Effects) {
        var effects = Effects()
        let answer: Answer
        if let element = ready.popFirst() {
            slots.taken()
            answer = .element(element)
        } else if slots.isOver || isAbandoned {
            answer = .over(tellEnd())
        } else {
            if let waiter { waiters.append(waiter) }
            answer = .wait
        }
        if slots.isWorthWakingFor { askForWorker(&effects) }
        releaseWaitersAtTheEnd(&effects)
        return (answer, effects)
    }

    /// Gives what is there to who waits.
    mutating func handOut() -> Effects {
        isHandOutAsked = false
        var effects = Effects()
        if let waiter = waiters.first, let element = ready.popFirst() {
            waiters.removeFirst()
            slots.taken()
            effects.handOver = (waiter, element)
        }
        askForHandOut(&effects)
        if slots.isWorthWakingFor { askForWorker(&effects) }
        releaseWaitersAtTheEnd(&effects)
        return effects
    }

    /// The reader has gone: nothing is sent any more, and nobody gets what is there.
    mutating func cancel() -> Effects {
        isAbandoned = true
        if earlyEnding == nil { earlyEnding = .cancelled }
        let wasStopped = slots.isStopped
        slots.stop()
        while ready.popFirst() != nil { slots.taken() }
        var effects = Effects()
        effects.cancelsWork = !wasStopped
        releaseWaiters(&effects)
        dismissWorkers(&effects)
        effects.isOver = slots.isOver
        return effects
    }

    // MARK: The workers

    /// Asks for the first worker of a gathering that has no reader.
    mutating func start() -> Effects {
        var effects = Effects()
        askForWorker(&effects)
        return effects
    }

    /// A worker that was asked for is here. False: it is not needed any more.
    mutating func workerComes() -> Bool { slots.workerComes() }

    /// A worker has nothing to do: there is no free slot, or another takes from the source.
    mutating func rest(_ worker: Worker) -> Rest {
        if slots.askForWorker() { return .isAsked }
        // Not more of them than could be of use at once.
        guard !slots.isClosed, slots.inFlight + resting.count < slots.size else { return .isDismissed }
        resting.append(worker)
        return .rests
    }

    /// The source gave an input: its number, and whether it is still to be sent.
    mutating func pulled() -> (index: Int, isWanted: Bool, Effects) {
        let index = slots.pulled()
        var effects = Effects()
        askForWorker(&effects)
        return (index, !slots.isStopped, effects)
    }

    /// The source has no more inputs, or failed.
    mutating func sourceEnded(_ error: (any Error)?) -> Effects {
        slots.sourceEnded()
        // A source that ends badly because it was cancelled is no news.
        if let error, !slots.isStopped, earlyEnding == nil { earlyEnding = .sourceFailed(error) }
        return endEffects()
    }

    /// A result is there.
    /// - Parameters:
    ///   - failure: why it failed; `nil`: it did not.
    ///   - make: its element, for a reader; `nil`: somebody has it already.
    /// - Returns: whether the worker is to take the next input.
    mutating func finished(
        failure: (any Error)?, _ make: ((HTTPCall.GatherProgress) -> Element)?
    ) -> (keepsWorker: Bool, Effects) {
        let make = isAbandoned ? nil : make
        let stops = slots.finished(isFailure: failure != nil, isKept: make != nil)
        if stops, earlyEnding == nil, let failure { earlyEnding = .stopped(failure) }
        var effects = Effects()
        if let element = make?(slots.progress) { keep(element, &effects) }
        let keepsWorker = slots.keepWorker()
        endEffects(&effects)
        effects.cancelsWork = stops
        return (keepsWorker, effects)
    }

    /// Who waits gets the last result under way at once. While others are under way several may come together, and waking
    /// him for each costs more than all else: he gets the first a little later, and finds the rest without waiting.
    private mutating func keep(_ element: Element, _ effects: inout Effects) {
        ready.append(element)
        if slots.inFlight == 0, let waiter = waiters.popFirst(), let first = ready.popFirst() {
            slots.taken()
            effects.handOver = (waiter, first)
        }
        askForHandOut(&effects)
    }

    private mutating func askForHandOut(_ effects: inout Effects) {
        guard !waiters.isEmpty, !ready.isEmpty, !isHandOutAsked else { return }
        isHandOutAsked = true
        effects.asksForHandOut = true
    }

    private mutating func askForWorker(_ effects: inout Effects) {
        guard slots.askForWorker() else { return }
        effects.woken = resting.popLast()
        effects.asksForWorker = effects.woken == nil
    }

    private mutating func dismissWorkers(_ effects: inout Effects) {
        swap(&effects.dismissed, &resting)
    }

    // MARK: The end

    private mutating func endEffects() -> Effects {
        var effects = Effects()
        endEffects(&effects)
        return effects
    }

    private mutating func endEffects(_ effects: inout Effects) {
        if slots.isClosed { dismissWorkers(&effects) }
        effects.isOver = slots.isOver
        releaseWaitersAtTheEnd(&effects)
    }

    /// What is there is handed out before.
    private mutating func releaseWaitersAtTheEnd(_ effects: inout Effects) {
        if slots.isOver, ready.isEmpty { releaseWaiters(&effects) }
    }

    private mutating func releaseWaiters(_ effects: inout Effects) {
        while let waiter = waiters.popFirst() { effects.released.append((waiter, tellEnd())) }
    }

    /// How it ended, for the first who asks.
    private mutating func tellEnd() -> Ending {
        defer { isEndTold = true }
        return isEndTold ? .complete : earlyEnding ?? .complete
    }
}
