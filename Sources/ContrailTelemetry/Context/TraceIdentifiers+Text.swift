extension Telemetry.TraceID: CustomStringConvertible {
    /// The id that 32 lowercase hexadecimal digits stand for; `nil` for anything else, and if all of them are zero.
    public init?(hex: some StringProtocol) {
        var digits = HexReader(hex.utf8)
        guard let high = digits.read(16), let low = digits.read(16), digits.isAtEnd else { return nil }
        self.init(high: high, low: low)
    }

    /// The 32 lowercase hexadecimal digits. Allocates.
    public var description: String { hexText(high, low) }
}

extension Telemetry.SpanID: CustomStringConvertible {
    /// The id that 16 lowercase hexadecimal digits stand for; `nil` for anything else, and if all of them are zero.
    public init?(hex: some StringProtocol) {
        var digits = HexReader(hex.utf8)
        guard let value = digits.read(16), digits.isAtEnd else { return nil }
        self.init(value)
    }

    /// The 16 lowercase hexadecimal digits. Allocates.
    public var description: String { hexText(value) }
}

/// Reads numbers of a fixed number of digits, one after the other.
struct HexReader<Bytes: Collection> where Bytes.Element == UInt8 {
    private var rest: Bytes.SubSequence

    init(_ bytes: Bytes) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// The number in the next `count` bytes; `nil` if they are not that many lowercase digits. At most 16.
    mutating func read(_ count: Int) -> UInt64? {
        var value: UInt64 = 0
        for _ in 0..<count {
            guard let byte = rest.popFirst(), let nibble = Hex.value(byte) else { return nil }
            value = value &<< 4 | nibble
        }
        return value
    }

    /// True if the next byte is `byte`, which is then consumed.
    mutating func skip(_ byte: UInt8) -> Bool { rest.popFirst() == byte }
}

private func hexText(_ words: UInt64...) -> String {
    let digits = words.flatMap { word in (0..<16).map { Hex.digit(word &>> UInt64(60 - 4 * $0)) } }
    return String(decoding: digits, as: UTF8.self)
}
