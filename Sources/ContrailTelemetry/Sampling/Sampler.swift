public import Tracing

extension Telemetry {
    /// Decides which spans are recorded and exported (OTel Trace SDK, "Sampler").
    ///
    /// Asked once per span, before it exists, on the caller's thread: fast, without blocking, from any thread.
    public protocol Sampler: Sendable {
        /// The decision about a span that is about to start.
        func sample(_ candidate: SamplingCandidate) -> SamplingResult
        /// What this sampler is, for people: `AlwaysOnSampler`, `TraceIdRatioBased{0.25}`, …
        var description: String { get }
    }

    /// A span that is about to start, as a sampler sees it.
    public struct SamplingCandidate: Sendable {
        /// The parent; `nil` for a root.
        public var parent: SpanContext?
        /// The context the span starts in. Empty if the caller gave the parent alone.
        public var context: ServiceContext
        /// The trace: the parent's, or a new one.
        public var traceID: TraceID
        /// The span's name.
        public var name: String
        /// The span's role.
        public var kind: SpanData.Kind
        /// The attributes known at the start.
        public var attributes: [Attribute]
        /// The links known at the start.
        public var links: [SpanData.Link]

        /// A candidate.
        public init(
            parent: SpanContext?, context: ServiceContext = .topLevel, traceID: TraceID, name: String,
            kind: SpanData.Kind = .internal, attributes: [Attribute] = [], links: [SpanData.Link] = []
        ) {
            self.parent = parent
            self.context = context
            self.traceID = traceID
            self.name = name
            self.kind = kind
            self.attributes = attributes
            self.links = links
        }
    }

    /// What a sampler decided.
    public struct SamplingResult: Sendable, Hashable {
        /// What becomes of the span.
        public var decision: Decision
        /// Attributes to add to the span; they win over the span's own of the same name.
        public var attributes: [Attribute]
        /// The span's trace state: `nil` keeps the parent's, an empty one clears it.
        public var traceState: String?

        /// A result.
        public init(_ decision: Decision, attributes: [Attribute] = [], traceState: String? = nil) {
            self.decision = decision
            self.attributes = attributes
            self.traceState = traceState
        }

        /// What becomes of a span.
        public enum Decision: Sendable, Hashable {
            /// Not recorded. Its context still travels on, marked as not sampled.
            case drop
            /// Recorded for processors of this process, not exported, marked as not sampled.
            case recordOnly
            /// Recorded, exported, marked as sampled.
            case recordAndSample
        }
    }
}
