public import ContrailBase
import Synchronization

/// Chance that can be repeated: the same seed gives the same numbers, on every machine.
///
/// A counter goes through a mixing function (SplitMix64), so several tasks may draw without a lock; which of them
/// gets which number is then up to the scheduler.
public final class SeededRandom: RandomSource {
    private let counter: Atomic<UInt64>

    /// Makes a source whose numbers follow from `seed`.
    public init(seed: UInt64) { counter = Atomic(seed) }

    /// The next 64 bits.
    public func next() -> UInt64 {
        // 2^64 divided by the golden ratio, made odd: consecutive counters differ in about half of their bits.
        let step: UInt64 = 0x9E37_79B9_7F4A_7C15
        var bits = counter.wrappingAdd(step, ordering: .relaxed).newValue
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
