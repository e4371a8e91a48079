extension Telemetry {
    /// Samples a share of all traces, chosen by the trace id alone, whatever the parent decided (OTel Trace SDK,
    /// "TraceIdRatioBased"). Every process with the same or a higher ratio keeps at least the same traces.
    ///
    /// The specification leaves the rule open. This is the one of the Go, Rust and Python SDKs: the last 8 bytes of the
    /// trace id, as a big-endian number, without its lowest bit, are compared with ratio · 2^63. Those of Java, .NET and
    /// JavaScript each have another one; where services of such have to agree use ``ProbabilitySampler``. As the root of
    /// a ``ParentBasedSampler`` it decides once per trace; that it decides below a parent is told once.
    public struct TraceIDRatioSampler: Sampler {
        /// The share: from 0, none, to 1, all.
        public let ratio: Double
        /// Half trace ids below this are sampled.
        private let bound: UInt64

        /// Makes a sampler.
        ///
        /// - Parameter ratio: the share. Above 1 means 1; below 0, and a value that is not a number, means 0.
        public init(ratio: Double) {
            // The comparison is false for NaN, so that it becomes 0.
            self.ratio = ratio > 0 ? min(ratio, 1) : 0
            bound = UInt64(self.ratio * 0x1p63)
        }

        /// True if the trace belongs to the share.
        func isSampled(_ traceID: TraceID) -> Bool { traceID.low &>> 1 < bound }

        /// Record and sample, or drop.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult {
            SamplingResult(isSampled(candidate.traceID) ? .recordAndSample : .drop)
        }

        /// `TraceIdRatioBased{0.25}`, as the specification names it.
        public var description: String { "TraceIdRatioBased{\(ratio)}" }
    }
}
