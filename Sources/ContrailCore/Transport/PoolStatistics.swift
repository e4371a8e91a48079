/// What a pool of connections is doing and has done. Numbers that belong together may be a moment apart.
public struct PoolStatistics: Sendable, Hashable {
    /// Connections that are open, those that are still being made included.
    public var open = 0
    /// Of these, how many nobody uses at the moment.
    public var idle = 0
    /// Connections that were opened so far.
    public var opened: UInt64 = 0
    /// Connections that were closed so far.
    public var closed: UInt64 = 0
    /// Requests that went out so far.
    public var sends: UInt64 = 0
    /// Of these, how many went out on a connection that had served another before.
    public var reused: UInt64 = 0
    /// Sends under way: handed to the pool, and neither answered nor, if streamed, ended.
    public var inFlight = 0
    /// Of these, how many wait for another to show whether their origin can be reached, or for room in the pool.
    public var waiting = 0
    /// Calls that wait for a permit before they are handed to the pool.
    public var queued = 0

    /// Nothing.
    public init() {}
}
