import ContrailBase
import Tracing

// What a provider asks for every span. Each type below answers for the SDK's own default directly and asks the user's
// own implementation otherwise: calling through an existential costs a copy of it, ten times the work of the answer.
// What holds the user's is one reference, since merely having an existential makes a value dear to copy.

/// A sampler.
enum SamplingRule: Sendable {
    /// By the trace id; always and never are the shares 1 and 0.
    case share(Telemetry.TraceIDRatioSampler, ignoresParents: Bool)
    /// As the parent; a root by its trace id.
    case asParent(root: Telemetry.TraceIDRatioSampler)
    case ask(Shared<any Telemetry.Sampler>, usesRandomness: Bool)

    init(_ sampler: any Telemetry.Sampler) {
        if let share = Self.ratio(of: sampler) {
            self = .share(share, ignoresParents: sampler is Telemetry.TraceIDRatioSampler)
        } else if let root = (sampler as? Telemetry.ParentBasedSampler)?.plainRoot {
            self = .asParent(root: root)
        } else {
            self = .ask(Shared(sampler), usesRandomness: sampler is Telemetry.ProbabilitySampler)
        }
    }

    /// The share that a sampler of ours comes down to; `nil` for all others.
    static func ratio(of sampler: any Telemetry.Sampler) -> Telemetry.TraceIDRatioSampler? {
        switch sampler {
        case is Telemetry.AlwaysOnSampler: Telemetry.TraceIDRatioSampler(ratio: 1)
        case is Telemetry.AlwaysOffSampler: Telemetry.TraceIDRatioSampler(ratio: 0)
        default: sampler as? Telemetry.TraceIDRatioSampler
        }
    }

    /// The decision. The candidate is only made if a sampler has to look at it.
    func result(
        parent: Telemetry.SpanContext?, values: ServiceContext, _ traceID: Telemetry.TraceID,
        _ candidate: @autoclosure () -> Telemetry.SamplingCandidate
    ) -> Telemetry.SamplingResult {
        switch self {
        case .share(let share, _): Telemetry.SamplingResult(share.isSampled(traceID) ? .recordAndSample : .drop)
        case .asParent(let root): Telemetry.SamplingResult(Self.decision(parent, values, traceID, root))
        case .ask(let sampler, _): sampler.value.sample(candidate())
        }
    }

    /// What is wrong with deciding below this parent; `nil`: nothing. Two processes may not agree about one trace.
    func doubt(below parent: Telemetry.SpanContext?) -> SamplingDoubt? {
        guard let parent else { return nil }
        switch self {
        case .share(_, ignoresParents: true): return .ratioBelowParent
        case .ask(_, usesRandomness: true): return Telemetry.ProbabilitySampler.doubt(below: parent)
        case .share, .asParent, .ask: return nil
        }
    }

    private static func decision(
        _ parent: Telemetry.SpanContext?, _ values: ServiceContext, _ traceID: Telemetry.TraceID,
        _ root: Telemetry.TraceIDRatioSampler
    ) -> Telemetry.SamplingResult.Decision {
        if !values.isEmpty {
            switch Telemetry.ParentBasedSampler.request(in: values, parent: parent) {
            case .decided(let decision): return decision
            case .askRoot: return root.isSampled(traceID) ? .recordAndSample : .drop
            case .none: break
            }
        }
        return parent.map { $0.flags.contains(.sampled) } ?? root.isSampled(traceID) ? .recordAndSample : .drop
    }
}

/// Why a sampler's decision below a parent may not be that of other processes.
enum SamplingDoubt: Sendable, Equatable {
    /// Each SDK chooses in a way of its own (OTel Trace SDK, "Compatibility warnings for `TraceIdRatioBased` sampler").
    case ratioBelowParent
    /// The trace id may not be random (OTel Trace SDK, "Compatibility warnings for `ProbabilitySampler`").
    case unknownRandomness

    var text: String {
        switch self {
        case .ratioBelowParent:
            "TraceIdRatioBased decides below a parent, where other SDKs may decide otherwise: use it as a root."
        case .unknownRandomness:
            "ProbabilitySampler decides below a parent that does not promise a random trace id."
        }
    }
}

/// A generator of ids.
struct IDSource: Sendable {
    private let generator: Shared<any Telemetry.IDGenerator>
    private let random: Telemetry.RandomIDGenerator?
    /// The flag of a root.
    let rootFlags: Telemetry.TraceFlags

    init(_ generator: any Telemetry.IDGenerator) {
        self.generator = Shared(generator)
        random = generator as? Telemetry.RandomIDGenerator
        rootFlags = generator.makesRandomTraceIDs ? .random : []
    }

    func makeTraceID() -> Telemetry.TraceID { random?.makeTraceID() ?? generator.value.makeTraceID() }
    func makeSpanID() -> Telemetry.SpanID { random?.makeSpanID() ?? generator.value.makeSpanID() }
}

/// A source of time, in plain nanoseconds: a `Duration` has 128 bits, and dividing them costs more than the clock.
struct SpanClock: Sendable {
    private let source: Shared<any TimeSource>
    private let isSystem: Bool

    init(_ source: any TimeSource) {
        self.source = Shared(source)
        isSystem = source is SystemTime
    }

    /// Since 1970-01-01 UTC.
    var wallNanoseconds: UInt64 {
        UInt64(clamping: isSystem ? SystemTime().wallNanoseconds : source.value.wallNanoseconds)
    }

    /// Since an origin that only this process knows.
    var monotonicNanoseconds: Int64 { (isSystem ? SystemTime().now : source.value.now).nanoseconds }
}
