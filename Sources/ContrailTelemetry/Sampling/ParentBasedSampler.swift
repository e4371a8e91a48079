import Tracing

extension Telemetry {
    /// Follows the parent, so that a trace is kept or dropped as a whole; asks `root` about spans without a parent.
    ///
    /// For each kind of parent another sampler can be set (OTel Trace SDK, "ParentBased"). What a caller asked for without
    /// naming a trace, which only B3 can do, decides about a root; a caller that left the decision to us leaves it to
    /// `root`.
    public struct ParentBasedSampler: Sampler {
        private let root: any Sampler
        private let remoteSampled: any Sampler
        private let remoteNotSampled: any Sampler
        private let localSampled: any Sampler
        private let localNotSampled: any Sampler

        /// Makes a sampler.
        ///
        /// - Parameters:
        ///   - root: decides about spans without a parent. Default: all of them.
        ///   - remoteSampled: decides if a sampled parent is in another process. Default: sampled.
        ///   - remoteNotSampled: decides if a parent in another process is not sampled. Default: dropped.
        ///   - localSampled: decides if a sampled parent is in this process. Default: sampled.
        ///   - localNotSampled: decides if a parent in this process is not sampled. Default: dropped.
        public init(
            root: any Sampler = AlwaysOnSampler(),
            remoteSampled: any Sampler = AlwaysOnSampler(), remoteNotSampled: any Sampler = AlwaysOffSampler(),
            localSampled: any Sampler = AlwaysOnSampler(), localNotSampled: any Sampler = AlwaysOffSampler()
        ) {
            self.root = root
            self.remoteSampled = remoteSampled
            self.remoteNotSampled = remoteNotSampled
            self.localSampled = localSampled
            self.localNotSampled = localNotSampled
        }

        /// The rule for roots, if it is a plain one and everything else follows the parent's flag.
        var plainRoot: TraceIDRatioSampler? {
            guard remoteSampled is AlwaysOnSampler, localSampled is AlwaysOnSampler,
                remoteNotSampled is AlwaysOffSampler, localNotSampled is AlwaysOffSampler
            else { return nil }
            return SamplingRule.ratio(of: root)
        }

        /// The decision of the sampler that is responsible for this kind of parent.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult {
            let parent = candidate.parent
            switch Self.request(in: candidate.context, parent: parent) {
            case .decided(let decision): return SamplingResult(decision)
            case .askRoot: return root.sample(candidate)
            case .none: return responsible(for: parent).sample(candidate)
            }
        }

        /// What a caller's request comes down to.
        enum Request { case decided(SamplingResult.Decision), askRoot, none }

        /// Only who came in from outside brings a request; below a span of this process it has been dealt with.
        static func request(in context: ServiceContext, parent: SpanContext?) -> Request {
            guard parent?.isRemote ?? true, let requested = context.requestedSampling else { return .none }
            return switch requested {
            case .debug: .decided(.recordAndSample)
            case .denied: parent == nil ? .decided(.drop) : .none
            case .accepted: parent == nil ? .decided(.recordAndSample) : .none
            case .deferred: .askRoot
            }
        }

        /// All five samplers.
        public var description: String {
            """
            ParentBased{root=\(root.description),\
            remoteParentSampled=\(remoteSampled.description),remoteParentNotSampled=\(remoteNotSampled.description),\
            localParentSampled=\(localSampled.description),localParentNotSampled=\(localNotSampled.description)}
            """
        }

        private func responsible(for parent: SpanContext?) -> any Sampler {
            guard let parent else { return root }
            let isSampled = parent.flags.contains(.sampled)
            return switch (parent.isRemote, isSampled) {
            case (true, true): remoteSampled
            case (true, false): remoteNotSampled
            case (false, true): localSampled
            case (false, false): localNotSampled
            }
        }
    }
}
