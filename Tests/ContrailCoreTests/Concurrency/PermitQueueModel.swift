import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

/// Drives a ``PermitQueue`` with random inputs and checks it against its rules after each.
final class PermitQueueModel {
    private let random: SeededRandom
    private let maxTotal: Int
    private let maxPerOrigin: Int
    private var queue: PermitQueue<Int>
    private let origins = (0..<4).map { Origin(scheme: .http, host: "h\($0)", port: 80) }
    private var held: [Origin] = []
    private var pending: [(ticket: UInt64, origin: Origin, priority: Priority, isCancelled: Bool)] = []
    private var waiting: [(ticket: UInt64, origin: Origin, priority: Priority, waiter: Int)] = []
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
        maxPerOrigin = limits.maxPerOrigin
        queue = PermitQueue(limits: limits)
    }

    func run() {
        for _ in 0..<100 {
            step()
            check()
        }
        drain()
        #expect(queue.isIdle)
    }

    private func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private func step() {
        switch pick(10) {
        case 0..<4: request()
        case 4..<6: if !pending.isEmpty { arrive(pick(pending.count)) }
        case 6..<9: if !held.isEmpty { release(pick(held.count)) }
        default: cancel()
        }
    }

    private func request() {
        let origin = origins[pick(origins.count)]
        let priority = Priority.allCases[pick(3)]
        switch queue.request(origin, priority: priority) {
        case .admitted:
            held.append(origin)
        case .mustWait(let ticket):
            pending.append((ticket, origin, priority, false))
        case .full:
            #expect(waiting.count + pending.count >= maxQueued)
            #expect(!waiting.contains { $0.priority < priority })
        }
    }

    private func arrive(_ index: Int) {
        let (ticket, origin, priority, isCancelled) = pending.remove(at: index)
        nextWaiter += 1
        switch queue.enqueue(nextWaiter, ticket: ticket, origin: origin, priority: priority, deadline: nil) {
        case .queued(let shed):
            #expect(!isCancelled)
            if let shed { makeRoom(shed, for: priority) }
            waiting.append((ticket, origin, priority, nextWaiter))
        case .full(let waiter):
            #expect(!waiting.contains { $0.priority < priority })
            #expect(waiting.count >= maxQueued)
            #expect(returned.insert(waiter).inserted)
        case .admitted(let waiter):
            #expect(!isCancelled)
            #expect(returned.insert(waiter).inserted)
            held.append(origin)
        case .cancelled(let waiter):
            #expect(isCancelled)
            #expect(returned.insert(waiter).inserted)
        }
    }

    private func release(_ index: Int) {
        let origin = held.remove(at: index)
        guard let waiter = queue.release(origin) else { return }
        #expect(returned.insert(waiter).inserted)
        guard let place = waiting.firstIndex(where: { $0.waiter == waiter }) else {
            Issue.record("a permit went to a waiter that was not waiting")
            return
        }
        let entry = waiting.remove(at: place)
        #expect(
            !waiting.contains { $0.origin == entry.origin && $0.priority > entry.priority },
            "a higher priority was overtaken")
        #expect(
            !waiting[..<place].contains { $0.origin == entry.origin && $0.priority == entry.priority },
            "somebody was overtaken")
        held.append(entry.origin)
    }

    private func makeRoom(_ shed: Int, for priority: Priority) {
        #expect(returned.insert(shed).inserted)
        guard let place = waiting.firstIndex(where: { $0.waiter == shed }) else {
            Issue.record("somebody was shed who was not waiting")
            return
        }
        let entry = waiting.remove(at: place)
        #expect(entry.priority < priority)
        #expect(!waiting.contains { $0.priority < entry.priority }, "a lower priority was there")
        #expect(waiting.count == maxQueued - 1)
    }

    private func cancel() {
        if !waiting.isEmpty, pick(2) == 0 {
            let entry = waiting.remove(at: pick(waiting.count))
            #expect(queue.cancel(entry.ticket) == entry.waiter)
            returned.insert(entry.waiter)
        } else if !pending.isEmpty {
            let index = pick(pending.count)
            #expect(queue.cancel(pending[index].ticket) == nil)
            pending[index].isCancelled = true
        }
    }

    private func check() {
        #expect(held.count <= maxTotal)
        #expect(queue.inUseCount == held.count)
        #expect(queue.waitingCount == waiting.count)
        #expect(waiting.count <= maxQueued)
        for origin in origins {
            let inUse = held.count { $0 == origin }
            #expect(inUse <= maxPerOrigin)
            let someoneWaits = waiting.contains { $0.origin == origin }
            #expect(
                !(someoneWaits && inUse < maxPerOrigin && held.count < maxTotal), "somebody waits though there is room")
        }
    }

    private func drain() {
        while !pending.isEmpty { arrive(0) }
        while !held.isEmpty { release(0) }
        #expect(waiting.isEmpty)
    }
}
