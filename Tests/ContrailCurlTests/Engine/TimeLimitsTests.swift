import ContrailBase
import ContrailCore
import ContrailTesting
import Testing

@testable import ContrailCurl

@Suite("Time limits")
struct TimeLimitsTests {
    private typealias Progress = TimeLimits.Progress

    private static func at(_ seconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
    }

    private static func limits(streaming: Bool = false) -> TimeLimits {
        TimeLimits(
            deadline: at(100), bodyDeadline: at(200), connect: .seconds(10), timeToHead: .seconds(20),
            idleRead: .seconds(30), isStreaming: streaming)
    }

    private static let waiting = Progress()
    private static let connecting = Progress(started: at(5))
    /// The body of the request is still going out: the peer owes no head yet.
    private static let uploading = Progress(started: at(5), connected: at(6))
    private static let sent = Progress(started: at(5), requestSent: at(6))
    private static let reading = Progress(started: at(5), requestSent: at(6), headCompleted: at(7), lastRead: at(50))
    private static let paused = Progress(
        started: at(5), requestSent: at(6), headCompleted: at(7), lastRead: at(50), isPaused: true)

    private static let table: [(Progress, streaming: Bool, at: Int64, TimeLimits.Passed?)] = [
        (waiting, false, 99, nil),
        (waiting, false, 100, .deadline),
        (connecting, false, 14, nil),
        (connecting, false, 15, .connect),
        (uploading, false, 99, nil),
        (uploading, false, 100, .deadline),
        (sent, false, 25, nil),
        (sent, true, 26, .timeToHead),
        (reading, false, 79, nil),
        (reading, false, 80, .idleRead),
        (reading, true, 80, .idleRead),
        (paused, true, 199, nil),
        (paused, true, 200, .bodyDeadline),
        // The deadline of a stream covers its head only, that of a buffered send all of it.
        (paused, true, 101, nil),
        (paused, false, 100, .deadline),
        // Of two that have passed, the earlier one is told.
        (connecting, false, 150, .connect),
    ]

    @Test(arguments: table.indices)
    func everyStateHasItsLimit(index: Int) {
        let (progress, streaming, now, passed) = Self.table[index]
        #expect(Self.limits(streaming: streaming).passed(progress, at: Self.at(now)) == passed)
    }

    @Test func withoutADeadlineNothingEndsAWaitingSend() {
        var limits = Self.limits()
        limits.deadline = nil
        limits.timeToHead = nil
        #expect(limits.passed(Self.waiting, at: Self.at(1_000_000)) == nil)
        #expect(limits.passed(Self.sent, at: Self.at(1_000_000)) == nil)
    }

    /// A send whose steps come at random times is looked at only when it was announced, and still no limit is told late.
    @Test func lookingAsAnnouncedMissesNoLimit() {
        for seed in 0..<2000 { expectNoLimitMissed(seed: seed) }
    }

    private func expectNoLimitMissed(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        func upTo(_ limit: Int64) -> Duration { .seconds(Int64(random.next() % UInt64(limit))) }
        var limits = Self.limits(streaming: seed % 2 == 0)
        let hasHeadLimit = seed % 3 != 0
        if !hasHeadLimit {
            limits.timeToHead = nil
            limits.deadline = nil
        }
        let started = Self.at(0) + upTo(15)
        let sent = started + upTo(12)
        let head = sent + upTo(hasHeadLimit ? 24 : 90)
        let read = head + upTo(33)
        func progress(at now: MonotonicInstant) -> Progress {
            Progress(
                started: started <= now ? started : nil, requestSent: sent <= now ? sent : nil,
                headCompleted: head <= now ? head : nil, lastRead: read <= now ? read : nil)
        }
        func hasPassed(_ second: Int64) -> Bool {
            limits.passed(progress(at: Self.at(second)), at: Self.at(second)) != nil
        }
        var now = Self.at(0)
        while limits.passed(progress(at: now), at: now) == nil {
            guard let next = limits.nextLook(progress(at: now), after: now), next > now else {
                Issue.record("no progress at \(now)")
                return
            }
            now = next
        }
        let first = (0..<400).first(where: hasPassed)
        #expect(first == now.nanoseconds / 1_000_000_000)
    }
}
