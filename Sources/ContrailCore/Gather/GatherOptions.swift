extension HTTPCall {
    /// How many requests are sent through a client: how many at a time, and when to stop.
    public struct GatherOptions: Sendable {
        /// Requests under way at once, those included whose results nobody has taken yet. `nil`, the default, and larger
        /// values: the client's `limits.maxTotal`. Values below 1 count as 1.
        public var window: Int?
        /// After so many failures the rest is cancelled. Default `nil`: never; every request gets its result. Values
        /// below 1 count as 1.
        public var maxFailures: Int?
        /// The statuses that are no failure, as for ``Response/validateStatus(in:)``. Default `nil`: any, a 4xx or 5xx is a
        /// response like any other.
        public var validStatus: Range<Int>?

        /// The defaults: every request gets its result.
        public init() {}

        /// Every request gets its result, good or bad.
        public static let collect = GatherOptions()
        /// The first failure cancels the rest.
        public static let failFast = stop(afterFailures: 1)

        /// So many failures cancel the rest.
        public static func stop(afterFailures count: Int) -> GatherOptions {
            var options = GatherOptions()
            options.maxFailures = count
            return options
        }

        /// - Parameter limit: what the client's limits allow; at least 1.
        func window(within limit: Int) -> Int { max(min(window ?? limit, limit), 1) }
    }

    /// How far a gathering was at one moment.
    public struct GatherProgress: Sendable, Hashable {
        /// Requests whose result is known, the failed ones included.
        public internal(set) var done = 0
        /// Those of them that failed or were cancelled.
        public internal(set) var failed = 0
        /// Requests under way.
        public internal(set) var inFlight = 0
        /// Requests in all; `nil`: not known, as long as a source that cannot count its requests has not ended.
        public internal(set) var total: Int?
    }
}
