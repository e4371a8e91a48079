/// How many sends may be under way, and how many may wait to be.
public struct ConcurrencyLimits: Sendable, Hashable {
    /// Sends under way in the whole client. Default 100; at least 1.
    public var maxTotal = 100
    /// Sends under way to one origin. Default 32; at least 1.
    public var maxPerOrigin = 32
    /// Sends that may wait for a permit; one more fails at once with `.queueFull`. Default 100,000, so that a burst of
    /// tasks waits instead of failing: each waits no longer than its deadline, in about 300 bytes.
    public var maxQueued = 100_000
    /// How long a send may wait for a permit; then it fails with `.queueTimeout`. Default `nil`: until the call's deadline.
    public var maxQueueTime: Duration?
    /// Finds the limit of each origin by itself; ``maxPerOrigin`` does not apply then. Default `nil`: off.
    public var adaptive: AdaptiveConcurrency?

    /// The defaults.
    public init() {}
}
