/// The slots of a gathering's window: who may take the next input from the source, and when all is over. Pure.
///
/// A slot is in use from the moment an input is asked of the source until its result is taken: neither a fast source nor a
/// slow reader makes more than a window of them. One worker at a time takes from the source.
struct GatherSlots {
    private enum Source {
        /// Nobody takes from it.
        case idle
        /// A worker was asked for.
        case asked
        /// A worker takes from it.
        case pulling
        /// It has no more, or failed.
        case over
    }

    let size: Int
    private let maxFailures: Int?
    private let expected: Int?
    private var source = Source.idle
    private var begun = 0
    private var done = 0
    private var failed = 0
    /// Results that were not taken yet.
    private var kept = 0
    private(set) var isStopped = false

    /// - Parameters:
    ///   - size: at least 1.
    ///   - expected: the number of inputs, if it is known in advance.
    init(size: Int, maxFailures: Int? = nil, expected: Int? = nil) {
        self.size = size
        self.maxFailures = maxFailures.map { max($0, 1) }
        self.expected = expected
    }

    /// Inputs that have no result yet.
    var inFlight: Int { begun - done }

    /// Slots in use; never above the window.
    var used: Int { inFlight + kept + (source == .asked || source == .pulling ? 1 : 0) }

    /// No result comes any more.
    var isOver: Bool { inFlight == 0 && source != .pulling && isClosed }

    var progress: HTTPCall.GatherProgress {
        HTTPCall.GatherProgress(
            done: done, failed: failed, inFlight: inFlight, total: source == .over ? begun : expected)
    }

    /// Nothing is taken from the source any more.
    var isClosed: Bool { source == .over || isStopped }

    /// A reader that takes one of several results need not wake a worker for each: it comes back for the others.
    var isWorthWakingFor: Bool { kept == 0 || size - used >= max(size / 4, 1) }

    private var isOpen: Bool { source == .idle && !isStopped && used < size }

    /// True if a worker is to come and take the next input.
    mutating func askForWorker() -> Bool {
        guard isOpen else { return false }
        source = .asked
        return true
    }

    /// The worker is here. False: it is not needed any more.
    mutating func workerComes() -> Bool {
        guard source == .asked else { return false }
        source = .pulling
        return true
    }

    /// A worker that is here is to take the next input.
    mutating func keepWorker() -> Bool {
        guard isOpen else { return false }
        source = .pulling
        return true
    }

    /// The source gave an input. Returns its number, from 0.
    mutating func pulled() -> Int {
        source = .idle
        begun += 1
        return begun - 1
    }

    /// The source has no more.
    mutating func sourceEnded() { source = .over }

    /// A result is there. `isKept`: for somebody who takes it later.
    /// - Returns: true if this failure is one too many; once.
    mutating func finished(isFailure: Bool, isKept: Bool) -> Bool {
        done += 1
        if isKept { kept += 1 }
        guard isFailure else { return false }
        failed += 1
        guard !isStopped, let maxFailures, failed >= maxFailures else { return false }
        stop()
        return true
    }

    /// A result that was kept is taken.
    mutating func taken() { kept -= 1 }

    /// Nothing is begun any more.
    mutating func stop() {
        isStopped = true
        if source == .asked { source = .idle }
    }
}
