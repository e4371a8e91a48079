/// Lowercase hexadecimal, the only form in which ids travel (W3C Trace Context Level 2 §3.2.2).
enum Hex {
    /// The digit for the low four bits.
    static func digit(_ nibble: UInt64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: nibble & 0xF)
        return value < 10 ? value &+ UInt8(ascii: "0") : value &+ (UInt8(ascii: "a") &- 10)
    }

    /// The value of a digit; `nil` for every other byte, uppercase digits included.
    static func value(_ digit: UInt8) -> UInt64? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit &- UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(digit &- UInt8(ascii: "a") &+ 10)
        default: nil
        }
    }

    /// Writes the `digits` low digits of `value`, most significant first, into the first bytes of `buffer`.
    ///
    // SAFETY: the caller hands over a buffer with room for `digits` bytes; only those are written.
    static func write(_ value: UInt64, digits: Int, to buffer: UnsafeMutableBufferPointer<UInt8>.SubSequence) {
        var shift = digits &* 4
        var position = unsafe buffer.startIndex
        var target = unsafe buffer
        while shift > 0 {
            shift &-= 4
            unsafe target[position] = digit(value &>> UInt64(shift))
            position &+= 1
        }
    }
}
