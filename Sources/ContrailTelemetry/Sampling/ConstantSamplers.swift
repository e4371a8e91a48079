extension Telemetry {
    /// Samples every span.
    public struct AlwaysOnSampler: Sampler {
        /// Makes the sampler.
        public init() {}
        /// Record and sample.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult { SamplingResult(.recordAndSample) }
        /// `AlwaysOnSampler`, as the specification names it.
        public var description: String { "AlwaysOnSampler" }
    }

    /// Drops every span. Contexts still travel on.
    public struct AlwaysOffSampler: Sampler {
        /// Makes the sampler.
        public init() {}
        /// Drop.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult { SamplingResult(.drop) }
        /// `AlwaysOffSampler`, as the specification names it.
        public var description: String { "AlwaysOffSampler" }
    }
}
