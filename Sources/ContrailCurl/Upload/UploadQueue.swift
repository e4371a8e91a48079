import ContrailBase

/// The bytes of a request body between their source and the loop, as decisions; ``UploadPipe`` puts them into action.
///
/// `Waiter` is a continuation in production and anything in tests. At most one producer waits: for the connection at
/// first, for room later.
struct UploadQueue<Waiter> {
    /// At this the producer waits: four pieces of a file, two of which are read at each wake.
    static var highWater: Int { 1024 * 1024 }
    /// Below this it goes on.
    static var lowWater: Int { 512 * 1024 }
    /// What a chunk counts besides its bytes, so that a source that drips cannot queue a million of them.
    static var chunkCharge: Int { 256 }

    private enum Phase {
        /// The connection is not there yet: nothing may be asked of the source.
        case unopened
        case open
        /// The source has brought everything.
        case finished
        /// Nobody wants the rest: the call is over, the source failed, or it broke its promise.
        case closed
    }

    /// What becomes of a chunk.
    enum Offer: Equatable {
        /// Queued. `resume`: the loop must be told to go on; `wait`: the producer must not bring more yet.
        case taken(resume: Bool, wait: Bool)
        /// It is more than was promised. The upload is over.
        case tooLong
        /// Another chunk is being brought at the same time, and waits. The source is broken; the upload is over.
        case busy
        /// Nobody wants it.
        case closed
    }

    /// What becomes of the end of the source.
    enum Finish: Equatable {
        case complete(resume: Bool)
        /// Fewer bytes than promised. The upload is over.
        case tooShort
        /// Nobody cares any more.
        case closed
    }

    /// What the loop gets.
    enum Item: Equatable {
        case chunk(ByteChunk, isLast: Bool)
        case end
        /// Nothing yet; the upload pauses, and the next chunk says that the loop must be told.
        case nothing
    }

    let length: Int64?
    private var phase = Phase.unopened
    private var chunks: [ByteChunk] = []
    private var head = 0
    private var waiter: Waiter?
    private var isPaused = false
    /// Bytes queued, with their charge.
    private(set) var outstanding = 0
    /// Bytes brought so far.
    private(set) var total: Int64 = 0

    init(length: Int64?) { self.length = length }

    // MARK: The producer

    mutating func offer(_ chunk: ByteChunk) -> Offer {
        guard phase == .open else { return .closed }
        guard waiter == nil else {
            phase = .closed
            return .busy
        }
        guard !chunk.isEmpty else { return .taken(resume: false, wait: isFull) }
        guard Int64(chunk.count) <= (length ?? .max) - total else {
            close()
            return .tooLong
        }
        chunks.append(chunk)
        outstanding += chunk.count + Self.chunkCharge
        total += Int64(chunk.count)
        return .taken(resume: takeResume(), wait: isFull)
    }

    /// The source is at its end.
    mutating func finish() -> Finish {
        guard phase == .open else { return .closed }
        guard total == length ?? total else {
            close()
            return .tooShort
        }
        phase = .finished
        return .complete(resume: takeResume())
    }

    /// The source failed. False if nobody cares any more.
    mutating func fail() -> Bool {
        guard phase == .open else { return false }
        close()
        return true
    }

    /// The producer waits for the connection, or for room. False if there is no reason to, or somebody waits already.
    mutating func park(_ waiter: Waiter) -> Bool {
        guard self.waiter == nil, mustWait else { return false }
        self.waiter = waiter
        return true
    }

    /// The producer gives up waiting.
    mutating func unpark() -> Waiter? {
        defer { waiter = nil }
        return waiter
    }

    var isClosed: Bool { phase == .closed }

    // MARK: The loop

    /// The connection is there.
    mutating func open() { if phase == .unopened { phase = .open } }

    /// The next bytes to send. The chunk that completes a promised length is held back until the source has ended:
    /// until then more may come, and a request that went out whole cannot be taken back.
    mutating func pull() -> Item {
        guard head < chunks.count else {
            if phase == .finished { return .end }
            isPaused = true
            return .nothing
        }
        let isLastQueued = head + 1 == chunks.count
        if isLastQueued, phase != .finished, isComplete {
            isPaused = true
            return .nothing
        }
        let chunk = chunks[head]
        head += 1
        outstanding -= chunk.count + Self.chunkCharge
        if isLastQueued {
            chunks.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64 {
            chunks.removeFirst(head)
            head = 0
        }
        return .chunk(chunk, isLast: isLastQueued && phase == .finished)
    }

    /// The producer, if it need not wait any longer.
    mutating func takeWaiter() -> Waiter? {
        guard waiter != nil, phase != .unopened, phase != .open || outstanding < Self.lowWater || isComplete else {
            return nil
        }
        defer { waiter = nil }
        return waiter
    }

    /// Nobody wants the rest; what is queued is dropped.
    mutating func close() {
        phase = .closed
        chunks = []
        head = 0
        outstanding = 0
        isPaused = false
    }

    private var mustWait: Bool {
        switch phase {
        case .unopened: true
        case .open: isFull
        case .finished, .closed: false
        }
    }

    /// All that was promised is here. The producer never waits then: what is held back waits for its end.
    private var isComplete: Bool { total == length }
    private var isFull: Bool { outstanding >= Self.highWater && !isComplete }

    /// True once per pause, when there is something for the loop again.
    private mutating func takeResume() -> Bool {
        guard isPaused else { return false }
        let isHeldBack = head + 1 == chunks.count && phase != .finished && isComplete
        guard !isHeldBack else { return false }
        isPaused = false
        return true
    }
}
