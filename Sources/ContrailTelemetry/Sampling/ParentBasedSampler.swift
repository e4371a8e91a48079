extension Telemetry {
    /// Follows the parent, so that a trace is kept or dropped as a whole; asks `root` about spans without a parent.
    ///
    /// For each kind of parent another sampler can be set (OTel Trace SDK, "ParentBased").
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

        /// True if a parent's flag alone decides, and every root is sampled.
        var onlyFollowsTheParent: Bool {
            root is AlwaysOnSampler && remoteSampled is AlwaysOnSampler && localSampled is AlwaysOnSampler
                && remoteNotSampled is AlwaysOffSampler && localNotSampled is AlwaysOffSampler
        }

        /// The decision of the sampler that is responsible for this kind of parent.
        public func sample(_ candidate: SamplingCandidate) -> SamplingResult {
            responsible(for: candidate.parent).sample(candidate)
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
