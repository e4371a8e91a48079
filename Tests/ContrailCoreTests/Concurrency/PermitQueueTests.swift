import ContrailBase
import Testing

@testable import ContrailCore

@Suite struct PermitQueueTests {
    private let a = Origin(scheme: .http, host: "a", port: 80)
    private let b = Origin(scheme: .http, host: "b", port: 80)

    private func queue(total: Int = 2, perOrigin: Int = 1, queued: Int = 10) -> PermitQueue<Int> {
        var limits = ConcurrencyLimits()
        limits.maxTotal = total
        limits.maxPerOrigin = perOrigin
        limits.maxQueued = queued
        return PermitQueue(limits: limits)
    }

    /// Asks and, if told to wait, waits as `waiter`.
    private func ask(
        _ queue: inout PermitQueue<Int>, _ origin: Origin, as waiter: Int, _ priority: Priority = .normal,
        deadline: MonotonicInstant? = nil
    ) -> UInt64? {
        guard case .mustWait(let ticket) = queue.request(origin, priority: priority) else { return nil }
        let arrival = queue.enqueue(waiter, ticket: ticket, origin: origin, priority: priority, deadline: deadline)
        guard case .queued = arrival else { return nil }
        return ticket
    }

    @Test func admitsUpToTheOriginsLimit() {
        var queue = queue()
        #expect(queue.request(a) == .admitted)
        #expect(queue.request(a) == .mustWait(1))
        #expect(queue.request(b) == .admitted)
    }

    @Test func passesThePermitToTheLongestWaiting() {
        var queue = queue(total: 1)
        #expect(queue.request(a) == .admitted)
        _ = ask(&queue, b, as: 1)
        _ = ask(&queue, a, as: 2)
        _ = ask(&queue, b, as: 3)
        #expect(queue.release(a) == 1)
        #expect(queue.release(b) == 2)
        #expect(queue.release(a) == 3)
        #expect(queue.release(b) == nil)
        #expect(queue.isIdle)
    }

    @Test func aFullOriginDoesNotHoldUpTheOthers() {
        var queue = queue(total: 3, perOrigin: 1)
        #expect(queue.request(a) == .admitted)
        _ = ask(&queue, a, as: 1)
        #expect(queue.request(b) == .admitted)
        #expect(queue.release(b) == nil)
        #expect(queue.release(a) == 1)
    }

    @Test func refusesWhenTheQueueIsFull() {
        var queue = queue(total: 1, queued: 1)
        #expect(queue.request(a) == .admitted)
        #expect(queue.request(a) == .mustWait(1))
        #expect(queue.request(a) == .full)
    }

    @Test func cancelHandsTheWaiterBackOnce() throws {
        var queue = queue(total: 1)
        _ = queue.request(a)
        let ticket = try #require(ask(&queue, a, as: 7))
        #expect(queue.cancel(ticket) == 7)
        #expect(queue.cancel(ticket) == nil)
        #expect(queue.release(a) == nil)
        #expect(queue.isIdle)
    }

    @Test func cancelBeforeArrivalIsRemembered() {
        var queue = queue(total: 1)
        _ = queue.request(a)
        guard case .mustWait(let ticket) = queue.request(a) else { return #expect(Bool(false)) }
        #expect(queue.cancel(ticket) == nil)
        guard case .cancelled(5) = queue.enqueue(5, ticket: ticket, origin: a, deadline: nil) else {
            return #expect(Bool(false))
        }
        _ = queue.release(a)
        #expect(queue.isIdle)
    }

    @Test func aPermitFreedBeforeArrivalIsNotLost() {
        var queue = queue(total: 1)
        _ = queue.request(a)
        guard case .mustWait(let ticket) = queue.request(a) else { return #expect(Bool(false)) }
        #expect(queue.release(a) == nil)
        guard case .admitted(5) = queue.enqueue(5, ticket: ticket, origin: a, deadline: nil) else {
            return #expect(Bool(false))
        }
    }

    @Test func expiresThoseWhoseTimeIsUp() {
        var queue = queue(total: 1)
        _ = queue.request(a)
        _ = ask(&queue, a, as: 1, deadline: MonotonicInstant(nanoseconds: 20))
        _ = ask(&queue, a, as: 2, deadline: MonotonicInstant(nanoseconds: 10))
        _ = ask(&queue, a, as: 3)
        #expect(queue.nextDeadline() == MonotonicInstant(nanoseconds: 10))
        #expect(queue.expire(at: MonotonicInstant(nanoseconds: 10)) == [2])
        #expect(queue.nextDeadline() == MonotonicInstant(nanoseconds: 20))
        #expect(queue.expire(at: MonotonicInstant(nanoseconds: 99)) == [1])
        #expect(queue.nextDeadline() == nil)
        #expect(queue.release(a) == 3)
    }

    @Test func higherPrioritiesComeFirst() {
        var queue = queue(total: 1)
        _ = queue.request(a)
        _ = ask(&queue, a, as: 1, .low)
        _ = ask(&queue, b, as: 2)
        _ = ask(&queue, a, as: 3, .high)
        _ = ask(&queue, b, as: 4, .high)
        let order = [a, a, b, b].map { queue.release($0) }
        #expect(order == [3, 4, 2, 1])
    }

    @Test func theYoungestOfTheLowestMakesRoomWhenTheQueueIsFull() {
        var queue = queue(total: 1, queued: 3)
        _ = queue.request(a)
        _ = ask(&queue, a, as: 1, .low)
        _ = ask(&queue, b, as: 2, .low)
        _ = ask(&queue, a, as: 3)
        guard case .mustWait(let ticket) = queue.request(a, priority: .high),
            case .queued(shed: 2?) = queue.enqueue(4, ticket: ticket, origin: a, priority: .high, deadline: nil)
        else { return #expect(Bool(false)) }
        let low = queue.request(b, priority: .low)
        #expect(low == .full)
        guard case .mustWait(let ticket) = queue.request(b),
            case .queued(shed: 1?) = queue.enqueue(5, ticket: ticket, origin: b, deadline: nil)
        else { return #expect(Bool(false)) }
        let normal = queue.request(b)
        #expect(normal == .full)
        let order = [a, a, a, b].map { queue.release($0) }
        #expect(order == [4, 3, 5, nil])
        #expect(queue.isIdle)
    }

    @Test func aHigherLimitAdmitsThoseWhoWait() {
        var queue = queue(total: 10, perOrigin: 1)
        _ = queue.request(a, limit: 1)
        for waiter in 1...3 { _ = ask(&queue, a, as: waiter) }
        let admitted = queue.setLimit(3, of: a)
        #expect(admitted == [1, 2])
        let none = queue.setLimit(1, of: a)
        #expect(none.isEmpty)
        let order = [a, a, a].map { queue.release($0) }
        #expect(order == [nil, nil, 3])
    }

    /// Any order of inputs: limits hold, nobody waits while there is room, every waiter comes back exactly once, waiters
    /// of an origin and priority are served in order, whoever is shed was of a lower priority, and nothing is left.
    @Test(arguments: SeededRuns.blocks)
    func holdsItsRulesUnderRandomInput(block: Int) {
        for seed in SeededRuns.seeds(of: block) { PermitQueueModel(seed: seed).run() }
    }
}
