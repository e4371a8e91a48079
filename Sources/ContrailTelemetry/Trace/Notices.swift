import Synchronization

/// What a provider has to say about itself, each thing once: a log line per span would do more harm than the thing told.
final class Notices: Sendable {
    enum Kind: UInt32 {
        case limitReached
        case unnamedTracer
        case doubtfulSampling
    }

    private let told = Atomic<UInt32>(0)
    private let report: (@Sendable (String) -> Void)?

    init(_ report: (@Sendable (String) -> Void)?) { self.report = report }

    /// Reports the first of its kind. Costs one load afterwards.
    func tell(_ kind: Kind, _ text: @autoclosure () -> String) {
        guard let report else { return }
        let bit: UInt32 = 1 << kind.rawValue
        guard told.load(ordering: .relaxed) & bit == 0 else { return }
        guard told.bitwiseOr(bit, ordering: .relaxed).oldValue & bit == 0 else { return }
        report(text())
    }
}
