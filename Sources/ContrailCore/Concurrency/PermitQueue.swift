import ContrailBase
import DequeModule
import HeapModule

/// Who may send, and who comes next: a permit per send, so many in all and so many per origin, by priority, and within a
/// priority first come first served. When too many wait, the youngest of the lowest priority makes room for a higher one.
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
        let priority: Priority
        let deadline: MonotonicInstant?
    }

    /// Those of one priority who wait for an origin.
    private struct Line {
        var tickets = Deque<Ticket>()
        /// Tickets whose waiter has left; they are skipped, and swept when they are the majority.
        var stale = 0
        var waitingCount: Int { tickets.count - stale }
    }

    private struct OriginState {
        var inUse = 0
        var limit: Int
        var high = Line()
        var normal = Line()
        var low = Line()
        /// The ticket by which this origin stands among the candidates; `nil` if it does not.
        var offered: Ticket?

        var hasRoom: Bool { inUse < limit }
        var waitingCount: Int { high.waitingCount + normal.waitingCount + low.waitingCount }

        /// How many wait who come before a newcomer of `priority`.
        func waitingCount(from priority: Priority) -> Int {
            switch priority {
            case .high: high.waitingCount
            case .normal: high.waitingCount + normal.waitingCount
            case .low: waitingCount
            }
        }

        subscript(priority: Priority) -> Line {
            get {
                switch priority {
                case .high: high
                case .normal: normal
                case .low: low
                }
            }
            _modify {
                switch priority {
                case .high: yield &high
                case .normal: yield &normal
                case .low: yield &low
                }
            }
        }
    }

    /// An origin that may have a waiter it could admit, by its first ticket. Checked again when taken out.
    private struct Candidate: Comparable {
        let priority: Priority
        let ticket: Ticket
        let origin: Origin
        static func < (a: Self, b: Self) -> Bool {
            a.priority == b.priority ? a.ticket < b.ticket : a.priority > b.priority
        }
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
    /// By age, to find the youngest: those who may have to make room. Tickets that have left are skipped.
    private var lowTickets = Heap<Ticket>()
    private var normalTickets = Heap<Ticket>()
    private var waitingLow = 0
    private var waitingNormal = 0
    private var expiries = Heap<Expiry>()

    init(limits: ConcurrencyLimits) { self.limits = limits }

    var waitingCount: Int { waiting.count }
    var inUseCount: Int { inUse }
    var isIdle: Bool { inUse == 0 && waiting.isEmpty && origins.isEmpty && promised == 0 && cancelledEarly.isEmpty }

    // MARK: Asking

    /// A permit at once, or a ticket to wait with. Nobody overtakes a waiter of the same origin and priority.
    /// - Parameter limit: the origin's own limit from here on; `nil`: the one of the settings.
    mutating func request(_ origin: Origin, priority: Priority = .normal, limit: Int? = nil) -> Request {
        if let limit { origins[origin]?.limit = limit }
        if takeAtOnce(origin, limit: limit) { return .admitted }
        if hasRoom(origin, priority, limit) {
            take(origin, limit)
            return .admitted
        }
        guard waiting.count + promised < limits.maxQueued || waitingCount(below: priority) > 0 else { return .full }
        promised += 1
        nextTicket += 1
        return .mustWait(nextTicket)
    }

    /// A permit if nobody waits and there is one: what nearly every send needs, with one look-up.
    mutating func takeAtOnce(_ origin: Origin, limit: Int? = nil) -> Bool {
        guard waiting.isEmpty, inUse < limits.maxTotal else { return false }
        guard let index = origins.index(forKey: origin) else {
            guard limit ?? limits.maxPerOrigin > 0 else { return false }
            take(origin, limit)
            return true
        }
        let isTaken = Self.change(&origins.values[index]) { state in
            guard state.hasRoom else { return false }
            state.inUse += 1
            return true
        }
        if isTaken { inUse += 1 }
        return isTaken
    }

    /// In place: a state that is taken out is copied, its lines included.
    private static func change<Result>(
        _ state: inout OriginState, _ change: (inout OriginState) -> Result
    ) -> Result { change(&state) }

    /// What became of a waiter that arrives with its ticket.
    enum Arrival {
        /// It waits. `shed`: who had to make room for it.
        case queued(shed: Waiter?)
        /// A permit became free in between.
        case admitted(Waiter)
        /// It was cancelled in between.
        case cancelled(Waiter)
        /// Too many wait, and nobody of a lower priority.
        case full(Waiter)
    }

    /// The waiter of a ticket arrives. Between the ticket and the arrival the task was not suspended yet.
    mutating func enqueue(
        _ waiter: Waiter, ticket: Ticket, origin: Origin, priority: Priority = .normal, deadline: MonotonicInstant?,
        limit: Int? = nil
    ) -> Arrival {
        promised -= 1
        if cancelledEarly.remove(ticket) != nil { return .cancelled(waiter) }
        if hasRoom(origin, priority, limit) {
            take(origin, limit)
            return .admitted(waiter)
        }
        var shed: Waiter?
        if waiting.count >= limits.maxQueued {
            shed = shedOne(below: priority)
            if shed == nil { return .full(waiter) }
        }
        insert(Waiting(waiter: waiter, origin: origin, priority: priority, deadline: deadline), ticket, limit)
        return .queued(shed: shed)
    }

    private mutating func insert(_ entry: Waiting, _ ticket: Ticket, _ limit: Int?) {
        waiting[ticket] = entry
        origins[entry.origin, default: OriginState(limit: limit ?? limits.maxPerOrigin)][entry.priority].tickets
            .append(ticket)
        switch entry.priority {
        case .high: break
        case .normal:
            waitingNormal += 1
            normalTickets.insert(ticket)
        case .low:
            waitingLow += 1
            lowTickets.insert(ticket)
        }
        if origins[entry.origin]?.hasRoom == true { offer(entry.origin) }
        if let deadline = entry.deadline { expiries.insert(Expiry(deadline: deadline, ticket: ticket)) }
    }

    private func hasRoom(_ origin: Origin, _ priority: Priority, _ limit: Int?) -> Bool {
        guard inUse < limits.maxTotal else { return false }
        guard let state = origins[origin] else { return (limit ?? limits.maxPerOrigin) > 0 }
        return state.hasRoom && state.waitingCount(from: priority) == 0
    }

    private func waitingCount(below priority: Priority) -> Int {
        switch priority {
        case .high: waitingNormal + waitingLow
        case .normal: waitingLow
        case .low: 0
        }
    }

    private mutating func shedOne(below priority: Priority) -> Waiter? {
        guard priority > .low else { return nil }
        while let youngest = lowTickets.popMax() {
            if let entry = remove(youngest) { return entry.waiter }
        }
        guard priority > .normal else { return nil }
        while let youngest = normalTickets.popMax() {
            if let entry = remove(youngest) { return entry.waiter }
        }
        return nil
    }

    /// Another limit for an origin. Returns who may send now.
    mutating func setLimit(_ limit: Int, of origin: Origin) -> [Waiter] {
        guard let state = origins[origin], state.limit != limit else { return [] }
        origins[origin]?.limit = limit
        offer(origin)
        var admitted: [Waiter] = []
        while let waiter = admitNext() { admitted.append(waiter) }
        return admitted
    }

    /// Permits of an origin that are out.
    func inUse(of origin: Origin) -> Int { origins[origin]?.inUse ?? 0 }

    // MARK: Ending a wait

    /// A permit comes back. Returns the waiter it passes to, if one can take it.
    mutating func release(_ origin: Origin) -> Waiter? {
        inUse -= 1
        guard !waiting.isEmpty else {
            releaseUnwanted(origin)
            return nil
        }
        origins[origin]?.inUse -= 1
        offer(origin)
        removeIfUnused(origin)
        return admitNext()
    }

    /// Nobody waits for it: one look-up, which is what nearly every send costs.
    private mutating func releaseUnwanted(_ origin: Origin) {
        guard let index = origins.index(forKey: origin) else { return }
        let left = Self.change(&origins.values[index]) { state in
            state.inUse -= 1
            return state.inUse
        }
        if left == 0 { origins.remove(at: index) }
    }

    /// The task of a ticket was cancelled. Returns its waiter if it is there already.
    mutating func cancel(_ ticket: Ticket) -> Waiter? {
        if let entry = remove(ticket) { return entry.waiter }
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
            if let entry = remove(first.ticket) { expired.append(entry.waiter) }
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
            for priority in Priority.allCases { origins[origin]?[priority] = Line() }
            origins[origin]?.offered = nil
            removeIfUnused(origin)
        }
        candidates = Heap()
        expiries = Heap()
        (lowTickets, normalTickets, waitingLow, waitingNormal) = (Heap(), Heap(), 0, 0)
        return all
    }

    // MARK: Book-keeping

    private mutating func take(_ origin: Origin, _ limit: Int? = nil) {
        inUse += 1
        origins[origin, default: OriginState(limit: limit ?? limits.maxPerOrigin)].inUse += 1
    }

    private mutating func remove(_ ticket: Ticket) -> Waiting? {
        guard let entry = leave(ticket) else { return nil }
        if var line = origins[entry.origin]?[entry.priority] {
            line.stale += 1
            if line.stale * 2 > line.tickets.count {
                line.tickets.removeAll { waiting[$0] == nil }
                line.stale = 0
            }
            origins[entry.origin]?[entry.priority] = line
            removeIfUnused(entry.origin)
        }
        sweep()
        return entry
    }

    private mutating func leave(_ ticket: Ticket) -> Waiting? {
        guard let entry = waiting.removeValue(forKey: ticket) else { return nil }
        switch entry.priority {
        case .high: break
        case .normal: waitingNormal -= 1
        case .low: waitingLow -= 1
        }
        return entry
    }

    /// What is left of waiters who left is dropped once it is the majority: the heaps stay as small as the queue.
    private mutating func sweep() {
        if expiries.count > 64, expiries.count > waiting.count * 2 {
            expiries = Heap(expiries.unordered.filter { waiting[$0.ticket] != nil })
        }
        if lowTickets.count > 64, lowTickets.count > waitingLow * 2 {
            lowTickets = Heap(lowTickets.unordered.filter { waiting[$0] != nil })
        }
        if normalTickets.count > 64, normalTickets.count > waitingNormal * 2 {
            normalTickets = Heap(normalTickets.unordered.filter { waiting[$0] != nil })
        }
    }

    private mutating func removeIfUnused(_ origin: Origin) {
        guard let state = origins[origin], state.inUse == 0, state.waitingCount == 0 else { return }
        origins[origin] = nil
    }

    /// Puts an origin among the candidates by its first waiter, once.
    private mutating func offer(_ origin: Origin) {
        guard let (head, priority) = head(of: origin), origins[origin]?.offered != head else { return }
        origins[origin]?.offered = head
        candidates.insert(Candidate(priority: priority, ticket: head, origin: origin))
    }

    private mutating func head(of origin: Origin) -> (Ticket, Priority)? {
        for priority in [Priority.high, .normal, .low] where origins[origin]?[priority].waitingCount ?? 0 > 0 {
            while let first = origins[origin]?[priority].tickets.first {
                if waiting[first] != nil { return (first, priority) }
                origins[origin]?[priority].tickets.removeFirst()
                origins[origin]?[priority].stale -= 1
            }
        }
        return nil
    }

    /// The first of those whose origin has room: by priority, then by age.
    private mutating func admitNext() -> Waiter? {
        while inUse < limits.maxTotal, let candidate = candidates.popMin() {
            let origin = candidate.origin
            // An origin that was offered again since stands by another ticket: this one is void.
            guard origins[origin]?.offered == candidate.ticket else { continue }
            origins[origin]?.offered = nil
            guard origins[origin]?.hasRoom == true else { continue }
            guard let (head, priority) = head(of: origin), head == candidate.ticket, let entry = leave(head) else {
                offer(origin)
                continue
            }
            origins[origin]?[priority].tickets.removeFirst()
            take(origin)
            if origins[origin]?.hasRoom == true { offer(origin) }
            sweep()
            return entry.waiter
        }
        return nil
    }
}
