import ContrailBase
import HTTPTypes
import Testing

@testable import ContrailTesting

@Suite struct CollectorStateTests {
    private var state = CollectorState<String>(maxRequests: 10, maxSpans: 10)
    private let request = FakeCollector.ReceivedRequest(
        method: "POST", path: "/", headers: [:], body: .empty, status: nil, spans: [])

    @Test mutating func aWaiterIsHandedBackOnceWithTheNextRequest() {
        let id = state.makeWaiterID()
        #expect(state.wait(id, newerThan: state.version, "w") == nil)
        #expect(state.receive(request) == ["w"])
        #expect(state.receive(request) == [])
        #expect(state.cancel(id) == nil)
    }

    @Test mutating func aWaiterThatMissedARequestDoesNotWait() {
        let version = state.version
        _ = state.receive(request)
        #expect(state.wait(state.makeWaiterID(), newerThan: version, "w") == "w")
        #expect(state.receive(request) == [])
    }

    @Test mutating func cancellingHandsBackTheWaiter() {
        let id = state.makeWaiterID()
        #expect(state.wait(id, newerThan: state.version, "w") == nil)
        #expect(state.cancel(id) == "w")
        #expect(state.receive(request) == [])
    }

    @Test mutating func cancelledBeforeItWaitsAWaiterDoesNotWait() {
        let id = state.makeWaiterID()
        #expect(state.cancel(id) == nil)
        #expect(state.wait(id, newerThan: state.version, "w") == "w")
    }

    @Test mutating func nobodyWaitsOnAClosedState() {
        let id = state.makeWaiterID()
        #expect(state.wait(id, newerThan: state.version, "w") == nil)
        #expect(state.close() == ["w"])
        #expect(state.wait(state.makeWaiterID(), newerThan: state.version, "x") == "x")
    }
}
