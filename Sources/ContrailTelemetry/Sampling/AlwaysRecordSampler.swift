extension Telemetry {
    /// Records every span: those that `root` drops are seen by processors of this process, and still not exported (OTel
    /// Trace SDK, "AlwaysRecord"). For processors that count spans.
    public struct AlwaysRecordSampler: Sampler {
        private let root: any Sampler

        /// Makes a sampler.
        ///
        /// - Parameter root: decides which spans are exported.
        public init(root: any Sampler) { self.root = root }

        /// The decision of `root`, where dropping becomes recording only.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult {
            var result = root.sample(candidate)
            if result.decision == .drop { result.decision = .recordOnly }
            return result
        }

        /// The sampler that decides, in braces.
        public var description: String { "AlwaysRecordSampler{\(root.description)}" }
    }
}
