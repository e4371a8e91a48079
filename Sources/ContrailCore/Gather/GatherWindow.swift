import DequeModule

/// A gathering: its slots, the results that nobody has taken yet, and who waits for one. Pure.
///
/// Every input that was taken from the source comes out as one element, in the order of completion. Then comes the ending,
/// once. A waiter is handed back exactly once.
struct GatherWindow<Element, Waiter> {
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

    /// What an input asks the driver to do, once it has let go of the lock.
    struct Effects {
        /// Somebody who waited gets this.
        var handOver: (waiter: Waiter, element: Element)?
        /// For these nothing comes any more.
        var released: [(waiter: Waiter, ending: Ending)] = []
        var asksForWorker = false
        /// What is under way is to be cancelled.
        var cancelsWork = false
        /// Nothing is under way, and nothing will be.
        var isOver = false
    }

    private var slots: GatherSlots
    private var ready = Deque<Element>()
    private var waiters = Deque<Waiter>()
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
        effects.asksForWorker = slots.askForWorker()
        return (answer, effects)
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
        effects.isOver = slots.isOver
        return effects
    }

    // MARK: The workers

    /// Asks for the first worker of a gathering that has no reader.
    mutating func start() -> Bool { slots.askForWorker() }

    /// A worker that was asked for is here. False: it is not needed any more.
    mutating func workerComes() -> Bool { slots.workerComes() }

    /// The source gave an input: its number, and whether it is still to be sent.
    mutating func pulled() -> (index: Int, isWanted: Bool, Effects) {
        let index = slots.pulled()
        var effects = Effects()
        effects.asksForWorker = slots.askForWorker()
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
        let waiter = make == nil ? nil : waiters.popFirst()
        let stops = slots.finished(isFailure: failure != nil, isKept: make != nil && waiter == nil)
        if stops, earlyEnding == nil, let failure { earlyEnding = .stopped(failure) }
        var handOver: (Waiter, Element)?
        if let element = make?(slots.progress) {
            if let waiter { handOver = (waiter, element) } else { ready.append(element) }
        }
        let keepsWorker = slots.keepWorker()
        var effects = endEffects()
        effects.handOver = handOver
        effects.cancelsWork = stops
        return (keepsWorker, effects)
    }

    // MARK: The end

    private mutating func endEffects() -> Effects {
        var effects = Effects()
        effects.isOver = slots.isOver
        if slots.isOver { releaseWaiters(&effects) }
        return effects
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
