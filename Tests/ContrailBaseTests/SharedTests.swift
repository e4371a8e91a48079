import ContrailBase
import Testing

@Suite struct SharedTests {
    @Test func aChangeIsSeenByNobodyElse() {
        var first = Shared([1, 2])
        let second = first
        first.value.append(3)
        #expect(first.value == [1, 2, 3])
        #expect(second.value == [1, 2])
    }

    @Test func whoIsAloneChangesInPlace() {
        var alone = Shared([Int]())
        alone.value.reserveCapacity(100)
        let before = unsafe alone.value.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        for number in 0..<100 { alone.value.append(number) }
        let after = unsafe alone.value.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        #expect(before == after)
    }

    @Test func equalityIsThatOfTheValues() {
        #expect(Shared("a") == Shared("a"))
        #expect(Shared("a") != Shared("b"))
        #expect(Set([Shared("a"), Shared("a"), Shared("b")]).count == 2)
    }
}
