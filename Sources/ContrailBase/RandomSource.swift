/// Where chance comes from: injected everywhere, so that tests can repeat it.
public protocol RandomSource: Sendable {
    /// 64 uniformly distributed bits.
    func next() -> UInt64
}

extension RandomSource {
    /// A uniformly distributed number in `0 ..< 1`, with 53 bits of it random.
    package func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// The system's cryptographically secure generator.
public struct SystemRandom: RandomSource {
    /// Makes a source of the system's randomness. Free of cost.
    public init() {}

    /// 64 bits from the system.
    public func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
