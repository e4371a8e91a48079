extension Telemetry {
    /// How many of 2^56 traces a sampler rejects: those whose randomness is below it (OTel Trace SDK, "Probability Sampling
    /// in TraceState", "Rejection Threshold").
    ///
    /// It says the probability of a decision exactly, and travels with sampled traces as `ot=th:…` in the trace state.
    public struct SamplingThreshold: Sendable, Hashable, Comparable {
        /// Rejected values: `0 ..< 2^56`.
        public let rejected: UInt64

        static let limit: UInt64 = 1 << 56
        private static let digits = 14

        /// Rejects nothing. (Not `none`: that would be `nil` where a threshold may be missing, which rejects everything.)
        public static let keepsAll = SamplingThreshold(rejected: 0)

        /// The threshold of a probability, as exact as 56 bits are; `nil` if it keeps nothing: below 2^-57, and not a number.
        /// Above 1 means 1.
        public init?(probability: Double) {
            // The comparison is false for NaN.
            guard probability > 0 else { return nil }
            let kept = UInt64((min(probability, 1) * 0x1p56).rounded(.toNearestOrEven))
            guard kept > 0 else { return nil }
            rejected = Self.limit - kept
        }

        private init(rejected: UInt64) { self.rejected = rejected }

        /// Less rejects less.
        public static func < (a: Self, b: Self) -> Bool { a.rejected < b.rejected }

        /// The share of traces that are kept.
        public var probability: Double { Double(Self.limit - rejected) * 0x1p-56 }

        /// True if a trace with this randomness is kept.
        func keeps(_ randomness: UInt64) -> Bool { randomness >= rejected }
    }
}

/// `th` and `rv` are written in lowercase hexadecimal (OTel Trace SDK, "TraceState Handling").
extension Telemetry.SamplingThreshold {
    /// The threshold of a `th` value: 1 to 14 digits, from the most significant one on.
    init?(text: Substring) {
        guard (1...Self.digits).contains(text.utf8.count), let value = Hex.number(text) else { return nil }
        rejected = value << UInt64(4 * (Self.digits - text.utf8.count))
    }

    /// Without the zeros at the end, which say nothing.
    var text: String {
        guard rejected > 0 else { return "0" }
        var (value, digits) = (rejected, Self.digits)
        while value & 0xF == 0 { (value, digits) = (value >> 4, digits - 1) }
        return Hex.text(value, digits: digits)
    }
}

extension Hex {
    /// The number that up to 16 digits stand for; `nil` if one of them is none.
    static func number(_ text: Substring) -> UInt64? {
        var number: UInt64 = 0
        for byte in text.utf8 {
            guard let digit = value(byte) else { return nil }
            number = number << 4 | digit
        }
        return number
    }

    /// The lowest digits of a number, the most significant one first.
    static func text(_ number: UInt64, digits: Int) -> String {
        String(
            decoding: (0..<digits).reversed().map { digit(number >> UInt64(4 * $0)) }, as: UTF8.self)
    }
}
