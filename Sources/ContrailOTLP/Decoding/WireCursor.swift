/// Reads one field after the other from the bytes of a protobuf message.
// SAFETY: `position` never passes the end of `bytes`; every step checks before it moves. The bytes outlive the cursor,
// which never leaves the closure that lends them.
@safe struct WireCursor {
    /// What a field holds, as far as the wire tells.
    // SAFETY: lent, as the cursor's own bytes are.
    @safe enum Content {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(UnsafeRawBufferPointer)
    }

    private let bytes: UnsafeRawBufferPointer
    private let count: Int
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
        count = bytes.count
    }

    var isAtEnd: Bool { position == count }

    /// The number of the next field, and what it holds.
    mutating func nextField() throws(OTLP.DecodingError) -> (UInt32, Content) {
        let tag = try varint()
        guard tag <= UInt64(UInt32.max), tag >> 3 != 0 else { throw .malformed("bad field number") }
        let field = UInt32(tag >> 3)
        switch tag & 7 {
        case 0: return (field, .varint(try varint()))
        case 1: return (field, .fixed64(try fixed64()))
        case 2:
            let length = try varint()
            guard length <= UInt64(count) else { throw .malformed("a length passes the end") }
            return unsafe (field, .bytes(try take(Int(length))))
        case 5: return (field, .fixed32(try fixed32()))
        default:
            // 3 and 4 are groups, which proto3 does not have.
            throw .malformed("wire type \(tag & 7)")
        }
    }

    mutating func varint() throws(OTLP.DecodingError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < count else { throw .malformed("a number passes the end") }
            let byte = unsafe bytes[position]
            position += 1
            // The tenth byte holds one bit.
            guard shift < 63 || byte <= 1 else { throw .malformed("a number has more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .malformed("a number has more than 64 bits")
    }

    mutating func fixed64() throws(OTLP.DecodingError) -> UInt64 {
        unsafe try take(8).loadUnaligned(as: UInt64.self).littleEndian
    }

    mutating func fixed32() throws(OTLP.DecodingError) -> UInt32 {
        unsafe try take(4).loadUnaligned(as: UInt32.self).littleEndian
    }

    private mutating func take(_ length: Int) throws(OTLP.DecodingError) -> UnsafeRawBufferPointer {
        guard length <= count - position else { throw .malformed("a field passes the end") }
        defer { position += length }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)])
    }
}
