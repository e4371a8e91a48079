import ContrailBase

/// A repeatable sequence (SplitMix64). Also a `RandomNumberGenerator`, for the standard library's random functions.
final class SeededRandom: RandomSource, Sendable {
    private let state: Locked<UInt64>

    init(_ seed: UInt64) { state = Locked(seed) }

    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// A number in `0 ..< bound`.
    func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True in one of `n` cases.
    func oneIn(_ n: Int) -> Bool { below(n) == 0 }
}
