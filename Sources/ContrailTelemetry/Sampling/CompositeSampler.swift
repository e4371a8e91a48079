public import ContrailBase

extension Telemetry {
    /// Decides as a ``ComposableSampler`` intends, by the randomness of the trace, so that all processes that do likewise
    /// keep the same traces; and tells them and the receivers of spans with which probability (OTel Trace SDK,
    /// "CompositeSampler"; development).
    ///
    /// The threshold travels as `ot=th:…` in the trace state. Follow the parent with ``ComposableParentThreshold``:
    ///
    /// ```swift
    /// configuration.sampler = Telemetry.CompositeSampler(
    ///     Telemetry.ComposableParentThreshold(root: Telemetry.ComposableProbability(ratio: 0.1)))
    /// ```
    public struct CompositeSampler: Sampler {
        private let delegate: any ComposableSampler
        private let random: any RandomSource

        /// Makes a sampler.
        ///
        /// - Parameters:
        ///   - delegate: says what to keep.
        ///   - random: for thresholds that are not those of the trace. Default: the system's.
        public init(_ delegate: any ComposableSampler, random: any RandomSource = SystemRandom()) {
            self.delegate = delegate
            self.random = random
        }

        /// Record and sample, or drop.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult {
            let intent = delegate.intent(for: candidate)
            let parentState = candidate.parent?.traceState ?? ""
            let list = TraceState(parentState)
            var state = SamplingState(list)
            let isKept = keeps(intent, state, candidate.traceID)
            let decision: SamplingResult.Decision = isKept ? .recordAndSample : .drop
            state.threshold = isKept && intent.isThresholdReliable ? intent.threshold : nil
            let text = Self.list(intent.changeTraceState?(list, decision) ?? list, ot: state.text)
            return SamplingResult(
                decision, attributes: isKept ? intent.attributes : [], traceState: text == parentState ? nil : text)
        }

        /// `CompositeSampler{…}`.
        public var description: String { "CompositeSampler{\(delegate.description)}" }

        /// A threshold that is not the trace's is not to be mixed up with the trace's randomness.
        private func keeps(_ intent: SamplingIntent, _ state: SamplingState, _ traceID: TraceID) -> Bool {
            guard let threshold = intent.threshold else { return false }
            return threshold.keeps(intent.isThresholdReliable ? state.randomness(of: traceID) : random.next() >> 8)
        }

        /// The list with our entry, which only goes to the front if it changed (W3C Trace Context Level 2 §3.5).
        private static func list(_ changed: TraceState, ot text: String) -> String {
            var list = changed
            if text.isEmpty {
                list.remove(SamplingState.key)
            } else if list[SamplingState.key] != text {
                list.set(SamplingState.key, to: text)
            }
            return list.description
        }
    }

    /// Samples a share of all traces, chosen by their randomness, whatever the parent decided, and says so in the trace
    /// state (OTel Trace SDK, "ProbabilitySampler"; development): the successor of ``TraceIDRatioSampler``.
    ///
    /// As the root of a ``ParentBasedSampler`` it decides once per trace.
    public struct ProbabilitySampler: Sampler {
        /// The share: from 0, none, to 1, all.
        public var ratio: Double { probability.ratio }
        private let probability: ComposableProbability
        private let composite: CompositeSampler

        /// Makes a sampler.
        ///
        /// - Parameter ratio: the share. Above 1 means 1; below 2^-56 is none.
        public init(ratio: Double) {
            probability = ComposableProbability(ratio: ratio)
            composite = CompositeSampler(probability)
        }

        /// Record and sample, or drop.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult { composite.sample(candidate) }

        /// Below a parent that promises no random trace id, and brings no random bits of its own, this is a guess.
        static func doubt(below parent: SpanContext) -> SamplingDoubt? {
            if parent.flags.contains(.random) { return nil }
            return SamplingState(TraceState(parent.traceState)).randomness == nil ? .unknownRandomness : nil
        }

        /// `ProbabilitySampler{0.25}`.
        public var description: String { "ProbabilitySampler{\(ratio)}" }
    }
}
