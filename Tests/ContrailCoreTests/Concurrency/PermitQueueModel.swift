import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

/// Drives a ``PermitQueue`` with random inputs in virtual time and checks it against its rules after each.
final class PermitQueueModel {
    private let random: SeededRandom
    private let maxTotal: Int
    /// Per origin; changes as an adaptive limit would.
    private var maxPerOrigin: [Int]
    private var now = MonotonicInstant(nanoseconds: 0)
    private var queue: PermitQueue<Int>
    private let origins = (0..<4).map { Origin(scheme: .http, host: "h\($0)", port: 80) }
    private var held: [Origin] = []
    private var pending: [(ticket: UInt64, origin: Origin, priority: Priority, isCancelled: Bool)] = []
    private var waiting: [Entry] = []

    private struct Entry {
        let ticket: UInt64
        let origin: Origin
        let priority: Priority
        let waiter: Int
        let deadline: MonotonicInstant?
    }
    private let maxQueued: Int
    private var nextWaiter = 0
    private var returned: Set<Int> = []

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        var limits = ConcurrencyLimits()
        limits.maxTotal = 1 + Int(random.next() % 6)
        limits.maxPerOrigin = 1 + Int(random.next() % 3)
        limits.maxQueued = 4 + Int(random.next() % 40)
        maxQueued = limits.maxQueued
        maxTotal = limits.maxTotal
        maxPerOrigin = Array(repeating: limits.maxPerOrigin, count: 4)
        queue = PermitQueue(limits: limits)
    }

    func run() {
        for _ in 0..<100 {
            step()
            check()
        }
        drain()
        holds(queue.isIdle)
    }

    private func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private func step() {
        switch pick(12) {
        case 0..<4: request()
        case 4..<6: if !pending.isEmpty { arrive(pick(pending.count)) }
        case 6..<9: if !held.isEmpty { release(pick(held.count)) }
        case 9: move()
        case 10: setLimit()
        default: cancel()
        }
    }

    private func move() {
        now = now + .milliseconds(pick(100))
        let expired = queue.expire(at: now)
        holds(expired.allSatisfy { returned.insert($0).inserted })
        let due = waiting.filter { $0.deadline.map { $0 <= now } ?? false }
        holds(Set(expired) == Set(due.map(\.waiter)), "somebody left too early, or stayed too long")
        waiting.removeAll { expired.contains($0.waiter) }
        holds(queue.nextDeadline() == waiting.compactMap(\.deadline).min(), "nobody is woken at the next deadline")
    }

    private func setLimit() {
        let place = pick(origins.count)
        let limit = 1 + pick(4)
        let isKnown = held.contains(origins[place]) || waiting.contains { $0.origin == origins[place] }
        let admitted = queue.setLimit(limit, of: origins[place])
        if isKnown { maxPerOrigin[place] = limit }
        for waiter in admitted { admit(waiter) }
    }

    private func request() {
        let origin = origins[pick(origins.count)]
        let priority = Priority.allCases[pick(3)]
        switch queue.request(origin, priority: priority, limit: limit(of: origin)) {
        case .admitted:
            hold(origin)
        case .mustWait(let ticket):
            pending.append((ticket, origin, priority, false))
        case .full:
            holds(waiting.count + pending.count >= maxQueued)
            holds(!waiting.contains { $0.priority < priority })
        }
    }

    private func arrive(_ index: Int) {
        let (ticket, origin, priority, isCancelled) = pending.remove(at: index)
        nextWaiter += 1
        let deadline = pick(3) == 0 ? now + .milliseconds(1 + pick(200)) : nil
        let arrival = queue.enqueue(
            nextWaiter, ticket: ticket, origin: origin, priority: priority, deadline: deadline,
            limit: limit(of: origin))
        switch arrival {
        case .queued(let shed):
            holds(!isCancelled)
            if let shed { makeRoom(shed, for: priority) }
            waiting.append(
                Entry(ticket: ticket, origin: origin, priority: priority, waiter: nextWaiter, deadline: deadline))
        case .full(let waiter):
            holds(!waiting.contains { $0.priority < priority })
            holds(waiting.count >= maxQueued)
            holds(returned.insert(waiter).inserted)
        case .admitted(let waiter):
            holds(!isCancelled)
            holds(returned.insert(waiter).inserted)
            hold(origin)
        case .cancelled(let waiter):
            holds(isCancelled)
            holds(returned.insert(waiter).inserted)
        }
    }

    private func limit(of origin: Origin) -> Int { maxPerOrigin[origins.firstIndex(of: origin) ?? 0] }

    private func release(_ index: Int) {
        let origin = held.remove(at: index)
        if let waiter = queue.release(origin) { admit(waiter) }
    }

    /// A limit that was lowered stops admissions, not what is under way.
    private func hold(_ origin: Origin) {
        held.append(origin)
        holds(held.count { $0 == origin } <= limit(of: origin), "the origin's limit was exceeded")
    }

    private func admit(_ waiter: Int) {
        holds(returned.insert(waiter).inserted)
        guard let place = waiting.firstIndex(where: { $0.waiter == waiter }) else {
            Issue.record("a permit went to a waiter that was not waiting")
            return
        }
        let entry = waiting.remove(at: place)
        holds(
            !waiting.contains { $0.origin == entry.origin && $0.priority > entry.priority },
            "a higher priority was overtaken")
        holds(
            !waiting[..<place].contains { $0.origin == entry.origin && $0.priority == entry.priority },
            "somebody was overtaken")
        hold(entry.origin)
        // A cancellation that comes when the permit is out already takes nothing back.
        if pick(4) == 0 { holds(queue.cancel(entry.ticket) == nil) }
        queue.forget(entry.ticket)
    }

    private func makeRoom(_ shed: Int, for priority: Priority) {
        holds(returned.insert(shed).inserted)
        guard let place = waiting.firstIndex(where: { $0.waiter == shed }) else {
            Issue.record("somebody was shed who was not waiting")
            return
        }
        let entry = waiting.remove(at: place)
        holds(entry.priority < priority)
        holds(!waiting.contains { $0.priority < entry.priority }, "a lower priority was there")
        holds(waiting.count == maxQueued - 1)
    }

    private func cancel() {
        if !waiting.isEmpty, pick(2) == 0 {
            let entry = waiting.remove(at: pick(waiting.count))
            holds(queue.cancel(entry.ticket) == entry.waiter)
            returned.insert(entry.waiter)
        } else if !pending.isEmpty {
            let index = pick(pending.count)
            holds(queue.cancel(pending[index].ticket) == nil)
            pending[index].isCancelled = true
        }
    }

    private func check() {
        holds(held.count <= maxTotal)
        holds(queue.inUseCount == held.count)
        holds(queue.waitingCount == waiting.count)
        holds(waiting.count <= maxQueued)
        for (place, origin) in origins.enumerated() {
            let inUse = held.count { $0 == origin }
            holds(queue.inUse(of: origin) == inUse)
            let someoneWaits = waiting.contains { $0.origin == origin }
            holds(
                !(someoneWaits && inUse < maxPerOrigin[place] && held.count < maxTotal),
                "somebody waits though there is room")
        }
    }

    private func drain() {
        while !pending.isEmpty { arrive(0) }
        while !held.isEmpty { release(0) }
        holds(waiting.isEmpty)
    }
}
