import ContrailBase
import DequeModule
import HeapModule

/// Who may start under the rate limits, and who comes next. Pure: no clock, no lock, no continuation.
///
/// Sends of one lane start in the order they came. Lanes that share a bucket take from it in the order of their oldest
/// send, and a send that needs much is not overtaken by those that need little. A waiter is handed back exactly once.
struct RateQueue<Waiter> {
    typealias Ticket = UInt64

    enum Refusal: Error, Equatable {
        /// It costs more than a bucket can ever hold.
        case costTooHigh(burst: Int)
        /// It could not start before its deadline.
        case deadline
        /// Too many wait already.
        case full
    }

    enum Request: Equatable {
        case admitted
        /// Wait with this ticket.
        case mustWait(Ticket)
        case refused(Refusal)
    }

    /// Whom an input lets go.
    struct Releases {
        var admitted: [Waiter] = []
        /// They would start too late.
        var expired: [Waiter] = []
    }

    private struct Waiting {
        let waiter: Waiter
        let claim: RateClaim
        let deadline: MonotonicInstant?
    }

    private struct Line {
        var tickets = Deque<Ticket>()
        /// How many of them have left; they are skipped, and swept when they are the majority.
        var stale = 0
        /// What those who wait cost together.
        var queued: [RateBucketID: Double] = [:]
        /// Not before: when its first may start, as far as was known.
        var ready = MonotonicInstant(nanoseconds: .min)
    }

    private struct Expiry: Comparable {
        let deadline: MonotonicInstant
        let ticket: Ticket
        static func < (a: Self, b: Self) -> Bool { a.deadline < b.deadline }
    }

    private struct Head: Comparable {
        let ticket: Ticket
        let lane: RateLane
        static func < (a: Self, b: Self) -> Bool { a.ticket < b.ticket }
    }

    private let limits: RateLimits
    private let maxQueued: Int
    /// Buckets that are not full. One that is as good as new is forgotten when there are too many.
    private var buckets: [RateBucketID: TokenBucket] = [:]
    private let maxBuckets: Int
    private var lines: [RateLane: Line] = [:]
    private var waiting: [Ticket: Waiting] = [:]
    private var expiries = Heap<Expiry>()
    private var nextTicket: Ticket = 0
    private var promised: Set<Ticket> = []
    private var cancelledEarly: Set<Ticket> = []
    /// Two lanes may want tokens of one bucket: then they are looked at together.
    private var lanesShareBuckets: Bool
    /// What was known of the lines' times may not be true any more.
    private var mustLookAtAll = false

    init(limits: RateLimits, maxQueued: Int, maxBuckets: Int = 16_384) {
        self.limits = limits
        self.maxQueued = maxQueued
        self.maxBuckets = max(maxBuckets, 1)
        lanesShareBuckets = limits.rules.contains { $0.scope != .origin }
    }

    var waitingCount: Int { waiting.count }
    var isIdle: Bool { waiting.isEmpty && lines.isEmpty && promised.isEmpty && cancelledEarly.isEmpty }
    func tokens(_ id: RateBucketID, at now: MonotonicInstant) -> Double? { buckets[id]?.tokens(at: now) }
    var bucketCount: Int { buckets.count }

    // MARK: Asking

    /// The tokens at once, or a ticket to wait with, or a refusal that took nothing.
    mutating func request(_ claim: RateClaim, deadline: MonotonicInstant?, at now: MonotonicInstant) -> Request {
        if let burst = impossible(claim) { return .refused(.costTooHigh(burst: burst)) }
        if claim.lane.key != nil { lanesShareBuckets = true }
        if takeUnqueued(claim, at: now) { return .admitted }
        guard waiting.count + promised.count < maxQueued else { return .refused(.full) }
        if let deadline, earliestStart(claim, at: now) > deadline { return .refused(.deadline) }
        nextTicket += 1
        promised.insert(nextTicket)
        return .mustWait(nextTicket)
    }

    enum Arrival {
        case queued
        case admitted(Waiter)
        case cancelled(Waiter)
    }

    /// The waiter of a ticket arrives. Between the ticket and the arrival the task was not suspended yet.
    mutating func enqueue(
        _ waiter: Waiter, ticket: Ticket, claim: RateClaim, deadline: MonotonicInstant?, at now: MonotonicInstant
    ) -> Arrival {
        promised.remove(ticket)
        if cancelledEarly.remove(ticket) != nil { return .cancelled(waiter) }
        if takeUnqueued(claim, at: now) { return .admitted(waiter) }
        waiting[ticket] = Waiting(waiter: waiter, claim: claim, deadline: deadline)
        var line = lines[claim.lane] ?? Line()
        if line.tickets.isEmpty { line.ready = ready(claim, at: now, behind: [:]) }
        line.tickets.append(ticket)
        for charge in claim.charges { line.queued[charge.bucket, default: 0] += charge.cost }
        lines[claim.lane] = line
        if let deadline { expiries.insert(Expiry(deadline: deadline, ticket: ticket)) }
        return .queued
    }

    /// A send that starts without waiting overtakes nobody: its lane is empty, and so are all that share its buckets.
    private mutating func takeUnqueued(_ claim: RateClaim, at now: MonotonicInstant) -> Bool {
        guard lanesShareBuckets ? lines.isEmpty : lines[claim.lane] == nil else { return false }
        guard ready(claim, at: now, behind: [:]) <= now else { return false }
        take(claim)
        return true
    }

    private func impossible(_ claim: RateClaim) -> Int? {
        for charge in claim.charges where charge.bucket.rule >= 0 {
            let burst = max(limits.rules[charge.bucket.rule].burst, 1)
            if charge.cost > Double(burst) { return burst }
        }
        return nil
    }

    /// Behind all of its lane. Other lanes may make it later, so this never refuses what could have started in time.
    private mutating func earliestStart(_ claim: RateClaim, at now: MonotonicInstant) -> MonotonicInstant {
        ready(claim, at: now, behind: lines[claim.lane]?.queued ?? [:])
    }

    // MARK: Letting go

    /// Admits and expires whoever's time has come. To be called at ``nextWake()``, and after every input below.
    mutating func advance(to now: MonotonicInstant) -> Releases {
        var releases = Releases(expired: expire(at: now))
        var heads = Heap<Head>()
        for lane in lines.filter({ lanesShareBuckets || mustLookAtAll || $0.value.ready <= now }).keys {
            if let first = first(lane) { heads.insert(Head(ticket: first, lane: lane)) }
        }
        mustLookAtAll = false
        /// What older sends wait for is not for younger ones.
        var claimed: [RateBucketID: Double] = [:]
        while let head = heads.popMin(), let entry = waiting[head.ticket] {
            let ready = ready(entry.claim, at: now, behind: claimed)
            if ready <= now {
                take(entry.claim)
                releases.admitted.append(entry.waiter)
            } else if let deadline = entry.deadline, ready > deadline {
                releases.expired.append(entry.waiter)
            } else {
                lines[head.lane]?.ready = ready
                claimShort(entry.claim, at: now, &claimed)
                continue
            }
            remove(head.ticket)
            if let next = first(head.lane) { heads.insert(Head(ticket: next, lane: head.lane)) }
        }
        return releases
    }

    /// When ``advance(to:)`` has something to do; `nil`: never.
    mutating func nextWake() -> MonotonicInstant? {
        while let first = expiries.min, waiting[first.ticket] == nil { expiries.removeMin() }
        let ready = lines.values.lazy.map(\.ready).min()
        guard let deadline = expiries.min?.deadline else { return ready }
        return ready.map { min($0, deadline) } ?? deadline
    }

    /// The task of a ticket was cancelled. Returns its waiter if it is there already.
    mutating func cancel(_ ticket: Ticket) -> Waiter? {
        if let entry = remove(ticket) {
            mustLookAtAll = true
            return entry.waiter
        }
        if promised.contains(ticket) { cancelledEarly.insert(ticket) }
        return nil
    }

    /// The ticket will not be used any more.
    mutating func forget(_ ticket: Ticket) {
        promised.remove(ticket)
        cancelledEarly.remove(ticket)
    }

    /// A send that was admitted did not start.
    mutating func giveBack(_ claim: RateClaim, at now: MonotonicInstant) {
        for charge in claim.charges where charge.cost > 0 {
            buckets[charge.bucket]?.giveBack(charge.cost, at: now)
        }
        mustLookAtAll = true
    }

    /// Everybody who waits leaves.
    mutating func removeAll() -> [Waiter] {
        let all = waiting.sorted { $0.key < $1.key }.map(\.value.waiter)
        waiting.removeAll()
        lines.removeAll()
        expiries = Heap()
        return all
    }

    // MARK: What the server says

    /// Reports of what is left, in the response to a send of this claim. `unit`, uniform in `0 ..< 1`, spreads the ends of
    /// pauses.
    mutating func note(
        _ reports: [RateLimitReport], about claim: RateClaim, at now: MonotonicInstant, unit: Double
    ) {
        guard limits.followsServer else { return }
        for report in reports {
            guard let remaining = report.remaining else { continue }
            for charge in claim.charges where applies(report.unit, charge.bucket) {
                self[bucket: charge.bucket, at: now].noteRemaining(remaining, at: now)
            }
            if remaining == 0, let reset = report.reset { pause(claim, for: reset, at: now, unit: unit) }
        }
        mustLookAtAll = true
    }

    /// The server refused a send for its rate, and perhaps said when to come back.
    mutating func noteThrottled(_ claim: RateClaim, delay: Duration?, at now: MonotonicInstant, unit: Double) {
        guard limits.followsServer else { return }
        if let delay { return pause(claim, for: delay, at: now, unit: unit) }
        for charge in claim.charges where charge.bucket.owner != .client {
            self[bucket: charge.bucket, at: now].slowDown(at: now)
        }
    }

    private mutating func pause(_ claim: RateClaim, for delay: Duration, at now: MonotonicInstant, unit: Double) {
        let delay = min(max(delay, .zero), limits.maxPause)
        let end = now + delay + min(.seconds(1), delay / 10) * unit
        for charge in claim.charges where charge.bucket.rule < 0 {
            self[bucket: charge.bucket, at: now].pause(until: end)
        }
    }

    /// A server counts an origin's or a key's sends; of the whole client it knows nothing.
    private func applies(_ unit: RateLimit.Unit, _ bucket: RateBucketID) -> Bool {
        bucket.rule >= 0 && bucket.owner != .client && limits.rules[bucket.rule].unit == unit
    }

    // MARK: Book-keeping

    private mutating func ready(
        _ claim: RateClaim, at now: MonotonicInstant, behind claimed: [RateBucketID: Double]
    ) -> MonotonicInstant {
        var latest = now
        for charge in claim.charges {
            let cost = charge.cost + (claimed[charge.bucket] ?? 0)
            latest = max(latest, self[bucket: charge.bucket, at: now].ready(for: cost, at: now))
        }
        return latest
    }

    private mutating func take(_ claim: RateClaim) {
        for charge in claim.charges { buckets[charge.bucket]?.take(charge.cost) }
    }

    /// A send keeps its place in the buckets that it is short of, and only there.
    private mutating func claimShort(
        _ claim: RateClaim, at now: MonotonicInstant, _ claimed: inout [RateBucketID: Double]
    ) {
        for charge in claim.charges {
            let cost = charge.cost + (claimed[charge.bucket] ?? 0)
            guard self[bucket: charge.bucket, at: now].ready(for: cost, at: now) > now else { continue }
            claimed[charge.bucket] = cost
        }
    }

    /// The oldest of a lane who still waits.
    private mutating func first(_ lane: RateLane) -> Ticket? {
        while let first = lines[lane]?.tickets.first {
            if waiting[first] != nil { return first }
            lines[lane]?.tickets.removeFirst()
            lines[lane]?.stale -= 1
        }
        return nil
    }

    @discardableResult
    private mutating func remove(_ ticket: Ticket) -> Waiting? {
        guard let entry = waiting.removeValue(forKey: ticket), var line = lines.removeValue(forKey: entry.claim.lane)
        else {
            return nil
        }
        line.stale += 1
        for charge in entry.claim.charges { line.queued[charge.bucket, default: 0] -= charge.cost }
        if line.stale * 2 > line.tickets.count {
            line.tickets.removeAll { waiting[$0] == nil }
            line.stale = 0
        }
        if !line.tickets.isEmpty { lines[entry.claim.lane] = line }
        sweepExpiries()
        return entry
    }

    private mutating func expire(at now: MonotonicInstant) -> [Waiter] {
        var expired: [Waiter] = []
        while let first = expiries.min, first.deadline <= now {
            expiries.removeMin()
            guard let entry = remove(first.ticket) else { continue }
            mustLookAtAll = true
            expired.append(entry.waiter)
        }
        return expired
    }

    private mutating func sweepExpiries() {
        guard expiries.count > 64, expiries.count > waiting.count * 2 else { return }
        expiries = Heap(expiries.unordered.filter { waiting[$0.ticket] != nil })
    }

    private subscript(bucket id: RateBucketID, at now: MonotonicInstant) -> TokenBucket {
        get { buckets[id] ?? makeBucket(id, at: now) }
        set {
            if buckets.count >= maxBuckets, buckets[id] == nil { forgetBuckets(at: now) }
            buckets[id] = newValue
        }
    }

    private func makeBucket(_ id: RateBucketID, at now: MonotonicInstant) -> TokenBucket {
        id.rule < 0 ? .unlimited(at: now) : TokenBucket(limits.rules[id.rule], at: now)
    }

    /// Forgets what is as good as new, and if that is not enough the eighth that comes nearest to it.
    private mutating func forgetBuckets(at now: MonotonicInstant) {
        buckets = buckets.filter { !$0.value.isFresh(at: now) }
        guard buckets.count >= maxBuckets else { return }
        for (id, _) in buckets.sorted(by: { $0.value.level > $1.value.level }).prefix(max(maxBuckets / 8, 1)) {
            buckets[id] = nil
        }
    }
}
