import ContrailBase
import Testing

@testable import ContrailCurl

@Suite struct DeadlineHeapTests {
    private final class Member: HeapMember {
        let name: Int
        var heapIndex = -1
        init(_ name: Int) { self.name = name }
    }

    private func at(_ nanoseconds: Int) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(nanoseconds)) }

    @Test func membersComeOutInTheOrderOfTheirDeadlines() {
        var heap = DeadlineHeap<Member>()
        let members = (0..<5).map(Member.init)
        for (member, deadline) in zip(members, [30, 10, 50, 20, 40]) { heap.set(member, to: at(deadline)) }
        #expect(heap.earliest == at(10))
        var order: [Int] = []
        while let due = heap.popDue(at(45)) { order.append(due.name) }
        #expect(order == [1, 3, 0, 4])
        #expect(heap.count == 1 && members[2].heapIndex == 0 && members[1].heapIndex == -1)
    }

    @Test func aMemberIsMovedNotInsertedTwice() {
        var heap = DeadlineHeap<Member>()
        let (a, b) = (Member(0), Member(1))
        heap.set(a, to: at(10))
        heap.set(b, to: at(20))
        heap.set(a, to: at(30))
        #expect(heap.count == 2)
        #expect(heap.popDue(at(100)) === b)
        heap.set(a, to: at(5))
        #expect(heap.earliest == at(5))
    }

    @Test func removingTwiceDoesNothing() {
        var heap = DeadlineHeap<Member>()
        let member = Member(0)
        heap.remove(member)
        heap.set(member, to: at(1))
        heap.remove(member)
        heap.remove(member)
        #expect(heap.isEmpty)
    }

    @Test func randomOperationsAgreeWithASortedList() {
        var generator = SeededGenerator(seed: 7)
        var heap = DeadlineHeap<Member>()
        let members = (0..<50).map(Member.init)
        var model: [Int: Int] = [:]
        for _ in 0..<5000 {
            let member = members[Int.random(in: 0..<50, using: &generator)]
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                heap.remove(member)
                model[member.name] = nil
            case 1:
                let due = heap.popDue(at(1000))
                #expect(due.flatMap { model[$0.name] } == model.values.min())
                if let due { model[due.name] = nil }
            default:
                let deadline = Int.random(in: 0..<1000, using: &generator)
                heap.set(member, to: at(deadline))
                model[member.name] = deadline
            }
            #expect(heap.count == model.count)
            #expect(heap.earliest == model.values.min().map(at))
        }
    }
}

/// SplitMix64: chance that a test can repeat.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
