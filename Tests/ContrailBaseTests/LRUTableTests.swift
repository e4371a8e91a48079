import ContrailBase
import Testing

@Suite struct LRUTableTests {
    @Test func forgetsTheLeastRecentlyUsed() {
        var table = LRUTable<Int, Int>(capacity: 8)
        for key in 0..<8 { table.update(key, initial: key) { _ in } }
        table.update(0, initial: 99) { _ in }
        table.update(8, initial: 8) { _ in }
        #expect(table.count == 8)
        #expect(table.update(0, initial: 99) { $0 } == 0)
        #expect(table.update(1, initial: 99) { $0 } == 99)
    }

    @Test func staysWithinItsCapacity() {
        var table = LRUTable<Int, Int>(capacity: 100)
        for key in 0..<10_000 {
            table.update(key, initial: 0) { $0 += 1 }
            #expect(table.count <= 100)
        }
    }

    @Test func changesInPlace() {
        var table = LRUTable<Int, [Int]>(capacity: 2)
        for value in 0..<3 { table.update(1, initial: []) { $0.append(value) } }
        #expect(table.update(1, initial: []) { $0 } == [0, 1, 2])
    }
}
