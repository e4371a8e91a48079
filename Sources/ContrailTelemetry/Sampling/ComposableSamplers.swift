// The composable samplers of the specification (OTel Trace SDK, "Built-in ComposableSamplers").

extension Telemetry {
    /// Would keep every span.
    public struct ComposableAlwaysOn: ComposableSampler {
        /// Makes the sampler.
        public init() {}
        /// Threshold 0, reliable.
        public func intent(for candidate: SamplingCandidate) -> SamplingIntent {
            SamplingIntent(threshold: SamplingThreshold.keepsAll, isThresholdReliable: true)
        }
        /// `ComposableAlwaysOn`.
        public var description: String { "ComposableAlwaysOn" }
    }

    /// Would drop every span.
    public struct ComposableAlwaysOff: ComposableSampler {
        /// Makes the sampler.
        public init() {}
        /// No threshold.
        public func intent(for candidate: SamplingCandidate) -> SamplingIntent { .drop }
        /// `ComposableAlwaysOff`.
        public var description: String { "ComposableAlwaysOff" }
    }

    /// Would keep a share of all traces, whatever the parent decided.
    public struct ComposableProbability: ComposableSampler {
        /// The share: from 0, none, to 1, all.
        public let ratio: Double
        let threshold: SamplingThreshold?

        /// Makes a sampler.
        ///
        /// - Parameter ratio: the share. Above 1 means 1; below 2^-56 is as ``ComposableAlwaysOff``.
        public init(ratio: Double) {
            self.ratio = ratio > 0 ? min(ratio, 1) : 0
            threshold = SamplingThreshold(probability: self.ratio)
        }

        /// The threshold of the share, reliable.
        public func intent(for candidate: SamplingCandidate) -> SamplingIntent {
            SamplingIntent(threshold: threshold, isThresholdReliable: threshold != nil)
        }

        /// `ComposableProbability{0.25}`.
        public var description: String { "ComposableProbability{\(ratio)}" }
    }

    /// Follows the parent, and passes on the threshold it was kept with; asks `root` about spans without a parent.
    public struct ComposableParentThreshold: ComposableSampler {
        private let root: any ComposableSampler

        /// Makes a sampler.
        ///
        /// - Parameter root: decides about spans without a parent.
        public init(root: any ComposableSampler) { self.root = root }

        /// The parent's threshold, if it has one that agrees with its sampled flag; else all or nothing, as that flag says.
        public func intent(for candidate: SamplingCandidate) -> SamplingIntent {
            guard let parent = candidate.parent else { return root.intent(for: candidate) }
            let state = SamplingState(TraceState(parent.traceState))
            let isSampled = parent.flags.contains(.sampled)
            if let threshold = state.threshold,
                threshold.keeps(state.randomness(of: candidate.traceID)) == isSampled
            {
                return SamplingIntent(threshold: threshold, isThresholdReliable: true)
            }
            return isSampled ? SamplingIntent(threshold: SamplingThreshold.keepsAll, isThresholdReliable: false) : .drop
        }

        /// `ComposableParentThreshold{root=…}`.
        public var description: String { "ComposableParentThreshold{root=\(root.description)}" }
    }

    /// Asks the sampler of the first rule that applies; drops the span if there is none.
    public struct ComposableRuleBased: ComposableSampler {
        /// A condition, and who is asked where it holds.
        public struct Rule: Sendable {
            /// For people.
            public var name: String
            /// Whether the rule applies. Must not depend on the trace id.
            public var applies: @Sendable (SamplingCandidate) -> Bool
            /// Who is asked then.
            public var sampler: any ComposableSampler

            /// A rule.
            public init(
                _ name: String, sampler: any ComposableSampler,
                applies: @escaping @Sendable (SamplingCandidate) -> Bool
            ) {
                self.name = name
                self.sampler = sampler
                self.applies = applies
            }
        }

        private let rules: [Rule]

        /// Makes a sampler.
        ///
        /// - Parameter rules: the rules; the first one that applies counts.
        public init(_ rules: [Rule]) { self.rules = rules }

        /// The intent of the first rule's sampler.
        public func intent(for candidate: SamplingCandidate) -> SamplingIntent {
            rules.first { $0.applies(candidate) }?.sampler.intent(for: candidate) ?? .drop
        }

        /// `ComposableRuleBased{name=…,…}`.
        public var description: String {
            "ComposableRuleBased{" + rules.map { "\($0.name)=\($0.sampler.description)" }.joined(separator: ",") + "}"
        }
    }

    /// Adds attributes to the spans that another sampler keeps.
    public struct ComposableAnnotating: ComposableSampler {
        private let attributes: [Attribute]
        private let delegate: any ComposableSampler

        /// Makes a sampler.
        ///
        /// - Parameters:
        ///   - attributes: what is added. They win over those of `delegate`.
        ///   - delegate: decides.
        public init(_ attributes: [Attribute], to delegate: any ComposableSampler) {
            self.attributes = attributes
            self.delegate = delegate
        }

        /// The intent of `delegate`, with the attributes.
        public func intent(for candidate: SamplingCandidate) -> SamplingIntent {
            var intent = delegate.intent(for: candidate)
            intent.attributes += attributes
            return intent
        }

        /// `ComposableAnnotating{…}`.
        public var description: String { "ComposableAnnotating{\(delegate.description)}" }
    }
}
