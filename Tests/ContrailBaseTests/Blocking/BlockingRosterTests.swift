import ContrailBase
import Testing

@Suite struct BlockingRosterTests {
    private func job(_ turn: BlockingRoster<Int>.Turn) -> Int? {
        if case .run(let job) = turn { job } else { nil }
    }

    @Test func makesAThreadForEachJobUpToTheLimit() {
        var roster = BlockingRoster<Int>(maxThreads: 2)
        #expect(roster.arrive(1) == .start(1))
        #expect(roster.arrive(2) == .start(2))
        #expect(roster.arrive(3) == .wait)
        #expect(roster.threadCount == 2 && roster.waitingCount == 3)
    }

    @Test func firstComeFirstServed() {
        var roster = BlockingRoster<Int>(maxThreads: 1)
        for number in 0..<200 { _ = roster.arrive(number) }
        #expect((0..<200).map { _ in job(roster.next(1)) } == Array(0..<200))
        #expect(job(roster.next(1)) == nil)
    }

    @Test func wakesTheLastParkedSoThatTheOthersMayEnd() {
        var roster = BlockingRoster<Int>(maxThreads: 2)
        for number in 1...2 { _ = roster.arrive(number) }
        for thread in 1...2 { #expect(job(roster.next(thread)) == thread) }
        for thread in 1...2 { #expect(job(roster.next(thread)) == nil) }
        #expect(roster.arrive(3) == .wake(2))
        #expect(roster.arrive(4) == .wake(1))
        #expect(roster.arrive(5) == .wait)
    }

    @Test func aThreadThatIsParkedTooLongEnds() {
        var roster = BlockingRoster<Int>(maxThreads: 1)
        _ = roster.arrive(1)
        _ = roster.next(1)
        _ = roster.next(1)
        #expect(roster.expire(1) == .end)
        #expect(roster.threadCount == 0)
        #expect(roster.arrive(2) == .start(2))
    }

    @Test func aThreadThatIsWokenWhileItsTimeIsUpStays() {
        var roster = BlockingRoster<Int>(maxThreads: 1)
        _ = roster.arrive(1)
        _ = roster.next(1)
        _ = roster.next(1)
        #expect(roster.arrive(2) == .wake(1))
        #expect(roster.expire(1) == .stay)
        #expect(job(roster.next(1)) == 2)
    }

    @Test func handsBackWhatNobodyIsLeftToTake() {
        var roster = BlockingRoster<Int>(maxThreads: 2)
        _ = roster.arrive(1)
        #expect(roster.startFailed() == [1])
        #expect(roster.threadCount == 0 && roster.waitingCount == 0)
        _ = roster.arrive(2)
        _ = roster.arrive(3)
        #expect(roster.startFailed() == [])
        #expect(job(roster.next(2)) == 2)
    }

    /// Threads that take, park, expire and are woken in any order: no job is lost, doubled or left lying while all sleep.
    @Test(arguments: 0..<100) func noJobIsEverForgotten(seed: UInt64) {
        var chance = Chance(state: seed)
        var model = Model(roster: BlockingRoster(maxThreads: Int(chance.next() % 4) + 1))
        for _ in 0..<200 {
            model.step(&chance)
            #expect(model.roster.threadCount <= 4)
            #expect(model.roster.waitingCount == 0 || !model.awake.isEmpty)
        }
        while let thread = model.awake.first { model.turn(thread) }
        #expect(model.done == Array(0..<model.arrived))
    }
}

/// The threads, as far as the roster knows them.
private struct Model {
    var roster: BlockingRoster<Int>
    var awake: [Int] = []
    var parked: [Int] = []
    var arrived = 0
    var done: [Int] = []

    mutating func step(_ chance: inout Chance) {
        switch chance.next() % 3 {
        case 0: arrive()
        case 1: if let thread = awake.randomElement(using: &chance) { turn(thread) }
        default: if let thread = parked.randomElement(using: &chance) { expire(thread) }
        }
    }

    private mutating func arrive() {
        switch roster.arrive(arrived) {
        case .wake(let thread):
            parked.removeAll { $0 == thread }
            awake.append(thread)
        case .start(let thread): awake.append(thread)
        case .wait: break
        }
        arrived += 1
    }

    mutating func turn(_ thread: Int) {
        switch roster.next(thread) {
        case .run(let job): done.append(job)
        case .park:
            awake.removeAll { $0 == thread }
            parked.append(thread)
        }
    }

    private mutating func expire(_ thread: Int) {
        if roster.expire(thread) == .end { parked.removeAll { $0 == thread } }
    }
}

/// SplitMix64.
private struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
