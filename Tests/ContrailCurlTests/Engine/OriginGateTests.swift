import ContrailCore
import Testing

@testable import ContrailCurl

@Suite struct OriginGateTests {
    private final class Ticket {}
    private let a = Origin(scheme: .http, host: "a", port: 80)
    private let b = Origin(scheme: .http, host: "b", port: 80)

    private func gate(_ maxConnecting: Int = 3, _ maxInFlight: Int = 100) -> OriginGate<Ticket> {
        OriginGate(maxConnecting: maxConnecting, maxInFlight: maxInFlight)
    }

    @Test func aColdOriginGetsOneTransfer() {
        var gate = gate()
        #expect(gate.arrive(Ticket(), at: a).start == true)
        #expect(gate.arrive(Ticket(), at: a).start == false)
        #expect(gate.arrive(Ticket(), at: b).start == true)
        #expect(gate.next() == nil)
    }

    @Test func aWarmOriginGetsAsManyAsMayConnect() {
        var gate = gate()
        let tickets = (0..<6).map { _ in Ticket() }
        let lane = gate.arrive(tickets[0], at: a).lane
        for ticket in tickets.dropFirst() { _ = gate.arrive(ticket, at: a) }
        gate.connected(lane)
        #expect(gate.next()?.ticket === tickets[1])
        #expect(gate.next()?.ticket === tickets[2])
        #expect(gate.next()?.ticket === tickets[3])
        #expect(gate.next() == nil)
        gate.connected(lane)
        #expect(gate.next()?.ticket === tickets[4])
        #expect(gate.next() == nil)
    }

    @Test func aFailedFirstConnectionOpensTheGateToo() {
        var gate = gate()
        let lane = gate.arrive(Ticket(), at: a).lane
        for _ in 0..<3 { _ = gate.arrive(Ticket(), at: a) }
        gate.ended(lane, wasConnected: false)
        #expect(gate.next() != nil && gate.next() != nil && gate.next() != nil)
    }

    @Test func theCapHoldsOverAllOrigins() {
        var gate = gate(3, 2)
        let (first, _) = gate.arrive(Ticket(), at: a)
        _ = gate.arrive(Ticket(), at: b)
        let late = Ticket()
        #expect(gate.arrive(late, at: Origin(scheme: .http, host: "c", port: 80)).start == false)
        #expect(gate.next() == nil)
        gate.ended(first, wasConnected: true)
        #expect(gate.next()?.ticket === late)
        #expect(gate.inFlight == 2)
    }

    @Test func originsTakeTurnsAtTheCap() {
        var gate = gate(3, 1)
        let running = gate.arrive(Ticket(), at: a).lane
        gate.connected(running)
        let (a1, a2, b1) = (Ticket(), Ticket(), Ticket())
        _ = gate.arrive(a1, at: a)
        _ = gate.arrive(a2, at: a)
        _ = gate.arrive(b1, at: b)
        var order: [ObjectIdentifier] = []
        var lane = running
        for _ in 0..<3 {
            gate.ended(lane, wasConnected: true)
            guard let next = gate.next() else { break }
            order.append(ObjectIdentifier(next.ticket))
            lane = next.lane
            gate.connected(lane)
        }
        #expect(order == [a1, b1, a2].map(ObjectIdentifier.init))
    }

    @Test func whoGivesUpIsNotHandedOut() {
        var gate = gate()
        let running = gate.arrive(Ticket(), at: a).lane
        let (gone, kept) = (Ticket(), Ticket())
        let lane = gate.arrive(gone, at: a).lane
        _ = gate.arrive(kept, at: a)
        gate.withdraw(gone, from: lane)
        gate.connected(running)
        #expect(gate.next()?.ticket === kept)
        #expect(gate.next() == nil)
    }

    @Test func anOriginIsForgottenWithItsLastTransfer() {
        var gate = gate()
        for round in 0..<100 {
            let origin = Origin(scheme: .http, host: "h\(round)", port: 80)
            let lane = gate.arrive(Ticket(), at: origin).lane
            let waiting = Ticket()
            let (other, _) = gate.arrive(waiting, at: origin)
            gate.ended(lane, wasConnected: false)
            gate.withdraw(waiting, from: other)
        }
        #expect(gate.laneCount == 0 && gate.inFlight == 0)
        // Cold again.
        _ = gate.arrive(Ticket(), at: a)
        #expect(gate.arrive(Ticket(), at: a).start == false)
    }

    @Test func nothingIsLostOverRandomLives() {
        var generator = SeededGenerator(seed: 3)
        var gate = gate(2, 5)
        var waiting: [ObjectIdentifier: (Ticket, Int)] = [:]
        var running: [(lane: Int, connected: Bool)] = []
        for step in 0..<20_000 {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0 where step < 15_000:
                let ticket = Ticket()
                let host = "h\(Int.random(in: 0..<4, using: &generator))"
                let (lane, start) = gate.arrive(ticket, at: Origin(scheme: .http, host: host, port: 80))
                if start { running.append((lane, false)) } else { waiting[ObjectIdentifier(ticket)] = (ticket, lane) }
            case 1 where !waiting.isEmpty && step.isMultiple(of: 5):
                if let (ticket, lane) = waiting.values.first {
                    gate.withdraw(ticket, from: lane)
                    waiting[ObjectIdentifier(ticket)] = nil
                }
            case 2 where !running.isEmpty:
                let index = Int.random(in: 0..<running.count, using: &generator)
                if !running[index].connected {
                    running[index].connected = true
                    gate.connected(running[index].lane)
                }
            default:
                guard !running.isEmpty else { continue }
                let ended = running.remove(at: Int.random(in: 0..<running.count, using: &generator))
                gate.ended(ended.lane, wasConnected: ended.connected)
            }
            while let (ticket, lane) = gate.next() {
                #expect(waiting.removeValue(forKey: ObjectIdentifier(ticket)) != nil)
                running.append((lane, false))
            }
            #expect(gate.inFlight == running.count && running.count <= 5)
        }
        #expect(waiting.isEmpty && running.isEmpty && gate.laneCount == 0)
    }

    @Test(arguments: [
        (5, [3, 9], 1), (4, [3, 9], 0), (4, [64, 9], 1), (4, [64, 90], 0), (-3, [1, 1, 1], 0), (7, [5], 0),
    ])
    func placementPrefersHomeUntilItIsFull(home: Int, loads: [Int], expected: Int) {
        let chosen = Placement.choose(home: home, loads: loads)
        if home >= 0 { #expect(chosen == expected) } else { #expect(loads.indices.contains(chosen)) }
    }
}
