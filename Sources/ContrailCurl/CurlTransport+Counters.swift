package import ContrailCore
import Synchronization

extension CurlTransport {
    /// What the connection pools have done so far.
    package struct Counters: Sendable, Hashable {
        /// Sends under way.
        package var inFlight = 0
        /// Of these, those that wait in the gate.
        package var waiting = 0
        /// Requests that went out.
        package var wireSends: UInt64 = 0
        /// Of these, on a connection that had served another before.
        package var reusedSends: UInt64 = 0
        package var connectionsOpened: UInt64 = 0
        package var connectionsClosed: UInt64 = 0
        /// Turns of the loops; stands still while nothing is to do.
        package var turns: UInt64 = 0
    }

    /// The counters as users see them. A send that is under way and does not wait has a connection, or is about to.
    package var statistics: PoolStatistics {
        let counters = counters
        var statistics = PoolStatistics()
        statistics.opened = counters.connectionsOpened
        statistics.closed = counters.connectionsClosed
        statistics.open = Int(clamping: counters.connectionsOpened) - Int(clamping: counters.connectionsClosed)
        statistics.sends = counters.wireSends
        statistics.reused = counters.reusedSends
        statistics.inFlight = counters.inFlight
        statistics.waiting = counters.waiting
        statistics.idle = max(0, statistics.open - max(0, counters.inFlight - counters.waiting))
        return statistics
    }

    /// The sum over all loops. The numbers may be a turn apart from each other.
    package var counters: Counters {
        loops.reduce(into: Counters()) { sum, loop in
            sum.inFlight += loop.counters.inFlight
            sum.waiting += loop.counters.waiting.load(ordering: .relaxed)
            sum.wireSends += loop.counters.wireSends.load(ordering: .relaxed)
            sum.reusedSends += loop.counters.reusedSends.load(ordering: .relaxed)
            sum.connectionsOpened += loop.counters.connectionsOpened.load(ordering: .relaxed)
            sum.connectionsClosed += loop.counters.connectionsClosed.load(ordering: .relaxed)
            sum.turns += loop.counters.turns.load(ordering: .relaxed)
        }
    }
}
