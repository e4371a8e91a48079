import Testing

@testable import ContrailTesting

@Suite struct WaitListTests {
    private var list = WaitList<String>()

    @Test mutating func aWaiterIsHandedBackOnceWithTheNextNews() {
        let id = list.makeWaiterID()
        #expect(list.wait(id, newerThan: list.version, "w") == nil)
        #expect(list.announce() == ["w"])
        #expect(list.announce() == [])
        #expect(list.cancel(id) == nil)
    }

    @Test mutating func aWaiterThatMissedNewsDoesNotWait() {
        let version = list.version
        _ = list.announce()
        #expect(list.wait(list.makeWaiterID(), newerThan: version, "w") == "w")
        #expect(list.announce() == [])
    }

    @Test mutating func cancellingHandsBackTheWaiter() {
        let id = list.makeWaiterID()
        #expect(list.wait(id, newerThan: list.version, "w") == nil)
        #expect(list.cancel(id) == "w")
        #expect(list.announce() == [])
    }

    @Test mutating func cancelledBeforeItWaitsAWaiterDoesNotWait() {
        let id = list.makeWaiterID()
        #expect(list.cancel(id) == nil)
        #expect(list.wait(id, newerThan: list.version, "w") == "w")
    }

    @Test mutating func nobodyWaitsOnAClosedList() {
        let id = list.makeWaiterID()
        #expect(list.wait(id, newerThan: list.version, "w") == nil)
        #expect(list.close() == ["w"])
        #expect(list.wait(list.makeWaiterID(), newerThan: list.version, "x") == "x")
    }
}
