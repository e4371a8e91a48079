import Testing

@testable import ContrailTesting

@Suite struct FaultScriptTests {
    /// The status that a plan answers with, told by a server that never runs: plans are compared by their choices.
    private func request(_ path: String = "/", onConnection: Int = 1, body: String = "") -> FaultServer.ReceivedRequest
    {
        FaultServer.ReceivedRequest(
            number: 1, connection: 1, numberOnConnection: onConnection, method: "GET", target: path, head: "")
    }

    /// Notes which plan was asked, by name.
    private func named(_ name: String, _ log: Log) -> FaultServer.Plan {
        .choose { _ in
            log.names.append(name)
            return .ok
        }
    }

    // SAFETY: used by one test, on one thread.
    private final class Log: @unchecked Sendable {
        var names: [String] = []
    }

    private func asked(
        _ script: inout FaultScript, _ requests: [FaultServer.ReceivedRequest], _ log: Log
    ) -> [String] {
        log.names = []
        for request in requests {
            let (plan, turn) = script.takeTurn(for: request)
            _ = plan.response(to: request, turn: turn)
        }
        return log.names
    }

    @Test func aSequenceGoesOnWithItsLast() {
        let log = Log()
        var script = FaultScript(.sequence(named("a", log), named("b", log)))
        #expect(asked(&script, [request(), request(), request()], log) == ["a", "b", "b"])
    }

    @Test func sequencesInSequencesAreOneAfterTheOther() {
        let log = Log()
        let inner = FaultServer.Plan.sequence(named("a", log), named("b", log))
        var script = FaultScript(.sequence(inner, .first(2, named("c", log), then: named("d", log))))
        let all = (0..<6).map { _ in request() }
        #expect(asked(&script, all, log) == ["a", "b", "c", "c", "d", "d"])
    }

    @Test func eachPathHasItsOwnTurns() {
        let log = Log()
        var script = FaultScript(named("other", log))
        script.set(.sequence(named("a", log), named("b", log)), for: "/x")
        let all = [request("/x"), request("/y"), request("/x?q=1"), request("/x/y")]
        #expect(asked(&script, all, log) == ["a", "other", "b", "other"])
    }

    @Test func settingAPlanBeginsAnew() {
        let log = Log()
        var script = FaultScript(.ok)
        let plan = FaultServer.Plan.sequence(named("a", log), named("b", log))
        script.set(plan, for: "/")
        #expect(asked(&script, [request(), request()], log) == ["a", "b"])
        script.set(plan, for: "/")
        #expect(asked(&script, [request()], log) == ["a"])
    }

    @Test func perConnectionCountsByConnection() {
        let log = Log()
        var script = FaultScript(.perConnection(named("a", log), named("b", log)))
        let all = [request(), request(onConnection: 2), request(onConnection: 3), request()]
        #expect(asked(&script, all, log) == ["a", "b", "b", "a"])
    }

    @Test func perConnectionKeepsCountingSoInsideASequence() {
        let log = Log()
        let inner = FaultServer.Plan.perConnection(named("a", log), named("b", log))
        var script = FaultScript(.sequence(named("first", log), inner))
        #expect(asked(&script, [request(), request(onConnection: 2), request()], log) == ["first", "b", "a"])
    }

    @Test func onlyAnOnConnectTurnTakesAConnectionBeforeItsRequest() {
        var script = FaultScript(.sequence(.tlsAlert, .ok, .tlsAlert))
        #expect(script.stepsOnConnect(1)?.count == 3)
        #expect(script.stepsOnConnect(2) == nil)
        #expect(script.takeTurn(for: request()).turn == 1)
        #expect(script.stepsOnConnect(3) != nil)
    }

    @Test func noPlansAreOK() {
        #expect(FaultServer.Plan.sequence([]).response(to: request(), turn: 0).steps.count == 1)
    }
}
