/// What the `ot` entry of a trace state says about sampling (OTel Trace SDK, "TraceState Handling").
struct SamplingState: Sendable, Equatable {
    static let key = "ot"
    private static let maxLength = 256
    private static let randomnessDigits = 14

    /// `th`: with which threshold the trace was kept so far.
    var threshold: Telemetry.SamplingThreshold?
    /// `rv`: 56 random bits that count instead of the trace id's. Never changed.
    let randomness: UInt64?
    /// What else is there, as it came; a `th` that is not valid is gone, an `rv` that is not valid is none of ours.
    private let others: [Substring]

    init(_ list: Telemetry.TraceState) {
        let members = (list[Self.key] ?? "").split(separator: ";")
        threshold = Self.value(of: "th:", in: members).flatMap { Telemetry.SamplingThreshold(text: $0) }
        let randomness = Self.value(of: "rv:", in: members).flatMap { Self.randomness($0) }
        self.randomness = randomness
        others = members.filter { !$0.hasPrefix("th:") && !($0.hasPrefix("rv:") && randomness != nil) }
    }

    /// The value of the entry; empty if there is nothing to say. A threshold for which there is no room is left out: what is
    /// there belongs to others.
    var text: String {
        let kept =
            (randomness.map { ["rv:" + Hex.text($0, digits: Self.randomnessDigits)] } ?? []) + others.map(String.init)
        let all = (threshold.map { ["th:" + $0.text] } ?? []) + kept
        let whole = all.joined(separator: ";")
        return whole.utf8.count <= Self.maxLength ? whole : kept.joined(separator: ";")
    }

    /// The random bits of a trace: the explicit ones, else those of its id.
    func randomness(of traceID: Telemetry.TraceID) -> UInt64 {
        randomness ?? traceID.low & (Telemetry.SamplingThreshold.limit - 1)
    }

    private static func value(of name: String, in members: [Substring]) -> Substring? {
        members.first { $0.hasPrefix(name) }?.dropFirst(name.count)
    }

    private static func randomness(_ text: Substring) -> UInt64? {
        text.utf8.count == randomnessDigits ? Hex.number(text) : nil
    }
}
