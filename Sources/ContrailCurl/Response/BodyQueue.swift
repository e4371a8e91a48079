import ContrailBase

/// The bytes between the loop and the consumer of a stream, as decisions; ``BodyPipe`` puts them into action.
///
/// `Waiter` is a continuation in production and anything in tests. At most one consumer waits.
struct BodyQueue<Waiter> {
    /// Above this the loop pauses the transfer. Each pause costs two changes of thread: with a fourth of it a body of 1 GB takes
    /// half as long again.
    static var highWater: Int { 1024 * 1024 }
    /// Below this the consumer asks it to go on.
    static var lowWater: Int { 512 * 1024 }
    /// What a chunk counts besides its bytes, so that a peer that drips cannot queue a million of them.
    static var chunkCharge: Int { 256 }

    private enum End {
        case open
        case finished
        case failed(any Error)
    }

    /// What the consumer gets.
    enum Item {
        case chunk(ByteChunk)
        case end
        case failure(any Error)
    }

    private var chunks: [ByteChunk] = []
    private var head = 0
    private var end = End.open
    private var isPaused = false
    private var waiter: Waiter?
    /// Bytes queued, with their charge.
    private(set) var outstanding = 0

    /// The loop brings bytes. True if a pause that it reports is out of date already, so that it should go on.
    mutating func offer(_ chunk: ByteChunk, isPaused paused: Bool) -> Bool {
        guard case .open = end else { return false }
        if !chunk.isEmpty {
            chunks.append(chunk)
            outstanding += chunk.count + Self.chunkCharge
        }
        isPaused = paused && outstanding >= Self.lowWater
        return paused && !isPaused
    }

    /// The next item, and whether the loop must be told to go on. `nil`: nothing there yet.
    mutating func take() -> (item: Item, resume: Bool)? {
        if head < chunks.count {
            let chunk = chunks[head]
            head += 1
            if head == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 64 {
                chunks.removeFirst(head)
                head = 0
            }
            outstanding -= chunk.count + Self.chunkCharge
            let resume = isPaused && outstanding < Self.lowWater
            if resume { isPaused = false }
            return (.chunk(chunk), resume)
        }
        switch end {
        case .open: return nil
        case .finished: return (.end, false)
        case .failed(let error): return (.failure(error), false)
        }
    }

    /// The consumer waits. False if there is something to take, or somebody waits already.
    mutating func park(_ waiter: Waiter) -> Bool {
        guard self.waiter == nil, head == chunks.count, case .open = end else { return false }
        self.waiter = waiter
        return true
    }

    var hasWaiter: Bool { waiter != nil }

    /// The waiting consumer, if there is something for it.
    mutating func wake() -> (waiter: Waiter, item: Item, resume: Bool)? {
        guard let waiter, let (item, resume) = take() else { return nil }
        self.waiter = nil
        return (waiter, item, resume)
    }

    /// The transfer is over. What is queued can still be taken; `nil`: without an error.
    mutating func finish(_ error: (any Error)?) {
        guard case .open = end else { return }
        isPaused = false
        end = error.map { .failed($0) } ?? .finished
    }

    /// The consumer gives up: what is queued is dropped. True if the loop must be told.
    mutating func cancel(_ error: any Error) -> Bool {
        let wasOpen = if case .open = end { true } else { false }
        guard wasOpen || head < chunks.count else { return false }
        chunks.removeAll()
        head = 0
        outstanding = 0
        isPaused = false
        end = .failed(error)
        return wasOpen
    }
}
