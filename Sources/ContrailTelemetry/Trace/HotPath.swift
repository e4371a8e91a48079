import ContrailBase

// What a provider asks for every span. Each type below answers for the SDK's own default directly and asks the user's
// own implementation otherwise: calling through an existential costs a copy of it, ten times the work of the answer.

/// A sampler.
enum SamplingRule: Sendable {
    case always
    case never
    /// As the parent; a root always.
    case asParent
    case ask(any Telemetry.Sampler)

    init(_ sampler: any Telemetry.Sampler) {
        switch sampler {
        case is Telemetry.AlwaysOnSampler: self = .always
        case is Telemetry.AlwaysOffSampler: self = .never
        case let sampler as Telemetry.ParentBasedSampler where sampler.onlyFollowsTheParent: self = .asParent
        default: self = .ask(sampler)
        }
    }

    /// The decision. The candidate is only made if a sampler has to look at it.
    func result(
        parent: Telemetry.SpanContext?, _ candidate: @autoclosure () -> Telemetry.SamplingCandidate
    ) -> Telemetry.SamplingResult {
        switch self {
        case .always: Telemetry.SamplingResult(.recordAndSample)
        case .never: Telemetry.SamplingResult(.drop)
        case .asParent:
            Telemetry.SamplingResult(parent.map { $0.flags.contains(.sampled) } ?? true ? .recordAndSample : .drop)
        case .ask(let sampler): sampler.sample(candidate())
        }
    }
}

/// A generator of ids.
struct IDSource: Sendable {
    private let generator: any Telemetry.IDGenerator
    private let random: Telemetry.RandomIDGenerator?
    /// The flag of a root.
    let rootFlags: Telemetry.TraceFlags

    init(_ generator: any Telemetry.IDGenerator) {
        self.generator = generator
        random = generator as? Telemetry.RandomIDGenerator
        rootFlags = generator.makesRandomTraceIDs ? .random : []
    }

    func makeTraceID() -> Telemetry.TraceID { random?.makeTraceID() ?? generator.makeTraceID() }
    func makeSpanID() -> Telemetry.SpanID { random?.makeSpanID() ?? generator.makeSpanID() }
}

/// A source of time, in plain nanoseconds: a `Duration` has 128 bits, and dividing them costs more than the clock.
struct SpanClock: Sendable {
    private let source: any TimeSource
    private let isSystem: Bool

    init(_ source: any TimeSource) {
        self.source = source
        isSystem = source is SystemTime
    }

    /// Since 1970-01-01 UTC.
    var wallNanoseconds: UInt64 {
        UInt64(clamping: isSystem ? SystemTime().wallNanoseconds : source.wallNanoseconds)
    }

    /// Since an origin that only this process knows.
    var monotonicNanoseconds: Int64 { (isSystem ? SystemTime().now : source.now).nanoseconds }
}
