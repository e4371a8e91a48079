import CContrailOTLP

/// A walk over the raw bytes along the schema, before anything is unpacked: tags, lengths and nesting.
///
/// libprotobuf-c recurses for every message inside a message without a limit, so a few kilobytes of nested arrays would
/// overflow the stack. It also merges a singular message that comes twice; no encoder writes that, so it is refused.
struct WireCheck {
    let maxDepth: Int

    /// Throws unless `bytes` can be a message of the descriptor's type that stands `depth` deep.
    ///
    // SAFETY: the descriptors are constants of the generated code; every read of `bytes` is behind a bounds check of
    // Cursor.
    func check(
        _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>, depth: Int = 1
    ) throws(OTLP.DecodingError) {
        guard depth <= maxDepth else { throw .tooDeep(limit: maxDepth) }
        var cursor = unsafe Cursor(bytes: bytes)
        var seen: UInt64 = 0
        while !cursor.isAtEnd {
            let (field, content) = try unsafe cursor.nextField()
            // SAFETY: looked up by number; nil for a field that the schema does not know, which is skipped.
            guard let known = unsafe protobuf_c_message_descriptor_get_field(descriptor, field),
                unsafe known.pointee.type == PROTOBUF_C_TYPE_MESSAGE
            else { continue }
            guard let content = unsafe content else { throw .malformed("field \(field) is not a message") }
            if unsafe known.pointee.label != PROTOBUF_C_LABEL_REPEATED {
                // The field's place in its message; none has more than 64 fields (a shift beyond gives 0: not checked).
                let bit = unsafe UInt64(1) << (known - descriptor.pointee.fields)
                guard seen & bit == 0 else { throw .malformed("field \(field) comes twice") }
                seen |= bit
            }
            // SAFETY: a message field's descriptor is a message descriptor, by construction of the generated code.
            guard let inner = unsafe known.pointee.descriptor else { throw .malformed("field \(field) has no type") }
            try unsafe check(
                content, as: inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), depth: depth + 1)
        }
    }

    /// Reads one field after the other.
    // SAFETY: `position` never passes the end of `bytes`; every step checks before it moves.
    @safe struct Cursor {
        private let bytes: UnsafeRawBufferPointer
        private let count: Int
        private var position = 0

        init(bytes: UnsafeRawBufferPointer) {
            unsafe self.bytes = unsafe bytes
            count = bytes.count
        }

        var isAtEnd: Bool { position == count }

        /// The number of the next field, and its bytes if it has a length.
        mutating func nextField() throws(OTLP.DecodingError) -> (UInt32, UnsafeRawBufferPointer?) {
            let tag = try varint()
            guard tag <= UInt64(UInt32.max), tag >> 3 != 0 else { throw .malformed("bad field number") }
            let field = UInt32(tag >> 3)
            switch tag & 7 {
            case 0:
                _ = try varint()
                return (field, nil)
            case 1:
                _ = try unsafe take(8)
                return (field, nil)
            case 2:
                let length = try varint()
                guard length <= UInt64(count) else { throw .malformed("a length passes the end") }
                return unsafe (field, try take(Int(length)))
            case 5:
                _ = try unsafe take(4)
                return (field, nil)
            default:
                // 3 and 4 are groups, which proto3 does not have.
                throw .malformed("wire type \(tag & 7)")
            }
        }

        private mutating func varint() throws(OTLP.DecodingError) -> UInt64 {
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

        private mutating func take(_ length: Int) throws(OTLP.DecodingError) -> UnsafeRawBufferPointer {
            guard length <= count - position else { throw .malformed("a field passes the end") }
            defer { position += length }
            return unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)])
        }
    }
}
