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
        _ queue: inout PermitQueue<Int>, _ origin: Origin, as waiter: Int, deadline: MonotonicInstant? = nil
    ) -> UInt64? {
        guard case .mustWait(let ticket) = queue.request(origin) else { return nil }
        guard case .queued = queue.enqueue(waiter, ticket: ticket, origin: origin, deadline: deadline) else {
            return nil
        }
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

    /// Any order of inputs: limits hold, nobody waits while there is room, every waiter comes back exactly once,
    /// waiters of an origin are served in order, and nothing is left at the end.
    @Test(arguments: 0..<200)
    func holdsItsRulesUnderRandomInput(seed: Int) {
        PermitQueueModel(seed: UInt64(seed)).run()
    }
}
