import Synchronization

/// What a loop has done. Written under its turn, read by anybody; each number is right, together they may be a turn apart.
final class LoopCounters: Sendable {
    /// Sends handed over and not yet answered (streams: not yet ended).
    let load = Atomic<Int>(0)
    /// Of these, those in the gate.
    let waiting = Atomic<Int>(0)
    let turns = Atomic<UInt64>(0)
    /// Of the sends, those that went out on the sender's own thread.
    let startedBySenders = Atomic<UInt64>(0)
    let wireSends = Atomic<UInt64>(0)
    let reusedSends = Atomic<UInt64>(0)
    let connectionsOpened = Atomic<UInt64>(0)
    let connectionsClosed = Atomic<UInt64>(0)

    var inFlight: Int { load.load(ordering: .relaxed) }

    func submitted() { load.wrappingAdd(1, ordering: .relaxed) }
    func startedBySender() { startedBySenders.wrappingAdd(1, ordering: .relaxed) }
    func over() { load.wrappingSubtract(1, ordering: .relaxed) }

    func sent(reused: Bool) {
        wireSends.wrappingAdd(1, ordering: .relaxed)
        if reused { reusedSends.wrappingAdd(1, ordering: .relaxed) }
    }

    func turned(opened: UInt64, closed: UInt64, waiting count: Int) {
        waiting.store(count, ordering: .relaxed)
        turns.wrappingAdd(1, ordering: .relaxed)
        connectionsOpened.store(opened, ordering: .relaxed)
        connectionsClosed.store(closed, ordering: .relaxed)
    }
}
