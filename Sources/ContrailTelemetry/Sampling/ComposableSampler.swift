extension Telemetry {
    /// Says how much of which spans it would keep, without deciding: ``CompositeSampler`` does (OTel Trace SDK,
    /// "ComposableSampler").
    ///
    /// Built in: ``ComposableAlwaysOn``, ``ComposableAlwaysOff``, ``ComposableProbability``, ``ComposableParentThreshold``,
    /// ``ComposableRuleBased``, ``ComposableAnnotating``. Asked once per span, on the caller's thread: fast, without
    /// blocking, from any thread.
    public protocol ComposableSampler: Sendable {
        /// What it would do with a span that is about to start. Must not depend on the trace id: decisions would no longer
        /// have the probability that they say.
        func intent(for candidate: SamplingCandidate) -> SamplingIntent
        /// What this sampler is, for people.
        var description: String { get }
    }

    /// What a ``ComposableSampler`` would do with a span.
    public struct SamplingIntent: Sendable {
        /// What is rejected; `nil`: all of it.
        public var threshold: SamplingThreshold?
        /// Whether the threshold is the probability that the trace was kept with, so that kept spans can be counted by it.
        /// Only then it is passed on.
        public var isThresholdReliable: Bool
        /// Added to the span if it is kept; they win over its own of the same name.
        public var attributes: [Attribute]
        /// Changes what other vendors' samplers have in the trace state; what it does to the entry `ot` has no effect.
        /// `nil`: nothing.
        public var changeTraceState: (@Sendable (TraceState, SamplingResult.Decision) -> TraceState)?

        /// An intent.
        public init(
            threshold: SamplingThreshold?, isThresholdReliable: Bool, attributes: [Attribute] = [],
            changeTraceState: (@Sendable (TraceState, SamplingResult.Decision) -> TraceState)? = nil
        ) {
            self.threshold = threshold
            self.isThresholdReliable = isThresholdReliable
            self.attributes = attributes
            self.changeTraceState = changeTraceState
        }

        /// To drop the span.
        public static var drop: SamplingIntent { SamplingIntent(threshold: nil, isThresholdReliable: false) }
    }
}
