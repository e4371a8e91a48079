import Synchronization

extension CurlTransport {
    /// What the connection pools have done so far.
    package struct Counters: Sendable, Hashable {
        /// Sends under way.
        package var inFlight = 0
        /// Requests that went out.
        package var wireSends: UInt64 = 0
        /// Of these, on a connection that had served another before.
        package var reusedSends: UInt64 = 0
        package var connectionsOpened: UInt64 = 0
        package var connectionsClosed: UInt64 = 0
        /// Turns of the loops; stands still while nothing is to do.
        package var turns: UInt64 = 0
    }

    /// The sum over all loops. The numbers may be a turn apart from each other.
    package var counters: Counters {
        loops.reduce(into: Counters()) { sum, loop in
            sum.inFlight += loop.counters.inFlight
            sum.wireSends += loop.counters.wireSends.load(ordering: .relaxed)
            sum.reusedSends += loop.counters.reusedSends.load(ordering: .relaxed)
            sum.connectionsOpened += loop.counters.connectionsOpened.load(ordering: .relaxed)
            sum.connectionsClosed += loop.counters.connectionsClosed.load(ordering: .relaxed)
            sum.turns += loop.counters.turns.load(ordering: .relaxed)
        }
    }
}
