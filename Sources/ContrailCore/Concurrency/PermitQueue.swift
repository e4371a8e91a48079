import ContrailBase
import DequeModule
import HeapModule

/// Who may send, and who comes next: a permit per send, so many in all and so many per origin, first come first served.
///
/// Pure: no clock, no lock, no continuation. A waiter is handed back exactly once, by whichever input ends its wait.
/// An origin that is full does not hold up the others.
struct PermitQueue<Waiter> {
    typealias Ticket = UInt64

    enum Request: Equatable {
        /// The permit is yours.
        case admitted
        /// Wait with this ticket.
        case mustWait(Ticket)
        /// Too many wait already.
        case full
    }

    private struct Waiting {
        let waiter: Waiter
        let origin: Origin
        let deadline: MonotonicInstant?
    }

    private struct OriginState {
        var inUse = 0
        var queue = Deque<Ticket>()
        /// Tickets in `queue` whose waiter has left; they are skipped, and swept when they are the majority.
        var stale = 0
        /// The ticket by which this origin stands among the candidates; `nil` if it does not.
        var offered: Ticket?
    }

    /// An origin that may have a waiter it could admit, by its oldest ticket. Checked again when taken out.
    private struct Candidate: Comparable {
        let ticket: Ticket
        let origin: Origin
        static func < (a: Self, b: Self) -> Bool { a.ticket < b.ticket }
    }

    private struct Expiry: Comparable {
        let deadline: MonotonicInstant
        let ticket: Ticket
        static func < (a: Self, b: Self) -> Bool { a.deadline < b.deadline }
    }

    private let limits: ConcurrencyLimits
    private var inUse = 0
    private var nextTicket: Ticket = 0
    private var origins: [Origin: OriginState] = [:]
    private var waiting: [Ticket: Waiting] = [:]
    /// Tickets that were cancelled before their waiter arrived.
    private var cancelledEarly: Set<Ticket> = []
    private var promised = 0
    private var candidates = Heap<Candidate>()
    private var expiries = Heap<Expiry>()

    init(limits: ConcurrencyLimits) { self.limits = limits }

    var waitingCount: Int { waiting.count }
    var inUseCount: Int { inUse }
    var isIdle: Bool { inUse == 0 && waiting.isEmpty && origins.isEmpty && promised == 0 && cancelledEarly.isEmpty }

    // MARK: Asking

    /// A permit at once, or a ticket to wait with. Nobody overtakes a waiter of the same origin.
    mutating func request(_ origin: Origin) -> Request {
        let state = origins[origin]
        let hasRoom = inUse < limits.maxTotal && (state?.inUse ?? 0) < limits.maxPerOrigin
        if hasRoom, state?.queue.count ?? 0 == state?.stale ?? 0 {
            take(origin)
            return .admitted
        }
        guard waiting.count + promised < limits.maxQueued else { return .full }
        promised += 1
        nextTicket += 1
        return .mustWait(nextTicket)
    }

    /// What became of a waiter that arrives with its ticket.
    enum Arrival {
        case queued
        /// A permit became free in between.
        case admitted(Waiter)
        /// It was cancelled in between.
        case cancelled(Waiter)
    }

    /// The waiter of a ticket arrives. Between the ticket and the arrival the task was not suspended yet.
    mutating func enqueue(
        _ waiter: Waiter, ticket: Ticket, origin: Origin, deadline: MonotonicInstant?
    ) -> Arrival {
        promised -= 1
        if cancelledEarly.remove(ticket) != nil { return .cancelled(waiter) }
        if inUse < limits.maxTotal, origins[origin]?.inUse ?? 0 < limits.maxPerOrigin,
            origins[origin]?.queue.count ?? 0 == origins[origin]?.stale ?? 0
        {
            take(origin)
            return .admitted(waiter)
        }
        waiting[ticket] = Waiting(waiter: waiter, origin: origin, deadline: deadline)
        origins[origin, default: OriginState()].queue.append(ticket)
        if origins[origin]?.inUse ?? 0 < limits.maxPerOrigin { offer(origin) }
        if let deadline { expiries.insert(Expiry(deadline: deadline, ticket: ticket)) }
        return .queued
    }

    // MARK: Ending a wait

    /// A permit comes back. Returns the waiter it passes to, if one can take it.
    mutating func release(_ origin: Origin) -> Waiter? {
        inUse -= 1
        origins[origin]?.inUse -= 1
        offer(origin)
        removeIfUnused(origin)
        return admitNext()
    }

    /// The task of a ticket was cancelled. Returns its waiter if it is there already.
    mutating func cancel(_ ticket: Ticket) -> Waiter? {
        if let waiter = remove(ticket) { return waiter }
        if promised > 0 { cancelledEarly.insert(ticket) }
        return nil
    }

    /// The ticket will never be used: its task was cancelled before it could wait.
    mutating func forget(_ ticket: Ticket) {
        cancelledEarly.remove(ticket)
    }

    /// The waiters whose deadline is over.
    mutating func expire(at now: MonotonicInstant) -> [Waiter] {
        var expired: [Waiter] = []
        while let first = expiries.min, first.deadline <= now {
            expiries.removeMin()
            if let waiter = remove(first.ticket) { expired.append(waiter) }
        }
        return expired
    }

    /// When ``expire(at:)`` has something to do; `nil`: never.
    mutating func nextDeadline() -> MonotonicInstant? {
        while let first = expiries.min {
            if waiting[first.ticket] != nil { return first.deadline }
            expiries.removeMin()
        }
        return nil
    }

    /// Everybody who waits leaves.
    mutating func removeAll() -> [Waiter] {
        let all = waiting.sorted { $0.key < $1.key }.map(\.value.waiter)
        waiting.removeAll()
        for origin in Array(origins.keys) {
            origins[origin]?.queue.removeAll()
            origins[origin]?.stale = 0
            origins[origin]?.offered = nil
            removeIfUnused(origin)
        }
        candidates = Heap()
        expiries = Heap()
        return all
    }

    // MARK: Book-keeping

    private mutating func take(_ origin: Origin) {
        inUse += 1
        origins[origin, default: OriginState()].inUse += 1
    }

    private mutating func remove(_ ticket: Ticket) -> Waiter? {
        guard let entry = waiting.removeValue(forKey: ticket) else { return nil }
        if var state = origins[entry.origin] {
            state.stale += 1
            if state.stale * 2 > state.queue.count {
                state.queue.removeAll { waiting[$0] == nil }
                state.stale = 0
            }
            origins[entry.origin] = state
            removeIfUnused(entry.origin)
        }
        sweepExpiries()
        return entry.waiter
    }

    /// Deadlines of waiters who left are dropped once they are the majority: the heap stays as small as the queue.
    private mutating func sweepExpiries() {
        guard expiries.count > 64, expiries.count > waiting.count * 2 else { return }
        expiries = Heap(expiries.unordered.filter { waiting[$0.ticket] != nil })
    }

    private mutating func removeIfUnused(_ origin: Origin) {
        guard let state = origins[origin], state.inUse == 0, state.queue.count == state.stale else { return }
        origins[origin] = nil
    }

    /// Puts an origin among the candidates by its oldest waiter, once.
    private mutating func offer(_ origin: Origin) {
        guard let head = head(of: origin), origins[origin]?.offered != head else { return }
        origins[origin]?.offered = head
        candidates.insert(Candidate(ticket: head, origin: origin))
    }

    private mutating func head(of origin: Origin) -> Ticket? {
        while let first = origins[origin]?.queue.first {
            if waiting[first] != nil { return first }
            origins[origin]?.queue.removeFirst()
            origins[origin]?.stale -= 1
        }
        return nil
    }

    /// The longest waiting of those whose origin has room.
    private mutating func admitNext() -> Waiter? {
        while inUse < limits.maxTotal, let candidate = candidates.popMin() {
            let origin = candidate.origin
            // An origin that was offered again since stands by another ticket: this one is void.
            guard origins[origin]?.offered == candidate.ticket else { continue }
            origins[origin]?.offered = nil
            guard origins[origin]?.inUse ?? 0 < limits.maxPerOrigin else { continue }
            guard head(of: origin) == candidate.ticket, let entry = waiting.removeValue(forKey: candidate.ticket) else {
                offer(origin)
                continue
            }
            origins[origin]?.queue.removeFirst()
            take(origin)
            if origins[origin]?.inUse ?? 0 < limits.maxPerOrigin { offer(origin) }
            return entry.waiter
        }
        return nil
    }
}
