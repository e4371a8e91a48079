import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

/// The drivers of permits under cancellation, on real tasks.
@Suite(.timeLimit(.minutes(5))) struct AdmissionCancelTests {
    /// In `scripts/test --full` as many as those of the machine below it.
    private static let runs = SeededRuns.isFull ? 200 : 2

    /// Tasks that are cancelled, or run out of time, at any point: nobody holds a permit, nobody waits, all permits are
    /// there again.
    @Test(arguments: 0..<50) func leavingAtAnyPointLeaksNoPermit(block: Int) async throws {
        for run in 0..<Self.runs { try await leave(seed: UInt64(block * Self.runs + run)) }
    }

    private func leave(seed: UInt64) async throws {
        let random = SeededRandom(seed: seed)
        let time = ManualTime()
        var limits = ConcurrencyLimits()
        limits.maxTotal = 3
        limits.maxPerOrigin = 2
        limits.maxQueued = 10
        let admission = Admission(limits: limits, time: time)
        let origins = ["a", "b"].map { Origin(scheme: .http, host: $0, port: 80) }
        let underWay = Gauge()
        let tasks = (0..<20).map { _ in
            let (origin, priority) = (origins[Int(random.next() % 2)], Priority.allCases[Int(random.next() % 3)])
            let deadline = random.next() % 4 == 0 ? time.now + .milliseconds(Int(random.next() % 10)) : nil
            let work = Int(random.next() % 5)
            return Task {
                _ = try await admission.acquire(origin, priority: priority, deadline: deadline)
                underWay.add(1)
                for _ in 0..<work { await Task.yield() }
                underWay.add(-1)
                admission.release(origin)
            }
        }
        for task in tasks where random.next() % 2 == 0 {
            if random.next() % 2 == 0 { await Task.yield() }
            if random.next() % 4 == 0 { time.advance(by: .milliseconds(2)) }
            task.cancel()
        }
        let mover = Task {
            while true {
                try Task.checkCancellation()
                time.advance(by: .milliseconds(1))
                await Task.yield()
            }
        }
        for task in tasks { _ = await task.result }
        mover.cancel()
        #expect(admission.waitingCount == 0)
        #expect(underWay.most <= 3)
        for origin in [origins[0], origins[0], origins[1]] {
            #expect(try await admission.acquire(origin, deadline: nil) == false, "a permit was lost")
        }
    }
}
