extension Telemetry {
    /// How a flush or a shutdown ended.
    public enum FlushResult: Sendable, Hashable {
        /// Everything that was pending has arrived.
        case success
        /// Everything was tried, and some of it is lost or unanswered.
        case failure
        /// The time ran out before everything was tried.
        case timeout

        func worse(_ other: Self) -> Self {
            if self == .timeout || other == .timeout { return .timeout }
            return self == .failure ? self : other
        }
    }
}
