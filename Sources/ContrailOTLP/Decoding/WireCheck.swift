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
    // WireCursor.
    func check(
        _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>, depth: Int = 1
    ) throws(OTLP.DecodingError) {
        guard depth <= maxDepth else { throw .tooDeep(limit: maxDepth) }
        var cursor = unsafe WireCursor(bytes: bytes)
        var seen: UInt64 = 0
        while !cursor.isAtEnd {
            let (field, content) = try cursor.nextField()
            // SAFETY: looked up by number; nil for a field that the schema does not know, which is skipped.
            guard let known = unsafe protobuf_c_message_descriptor_get_field(descriptor, field),
                unsafe known.pointee.type == PROTOBUF_C_TYPE_MESSAGE
            else { continue }
            guard case .bytes(let inside) = content else { throw .malformed("field \(field) is not a message") }
            if unsafe known.pointee.label != PROTOBUF_C_LABEL_REPEATED {
                // The field's place in its message; none has more than 64 fields (a shift beyond gives 0: not checked).
                let bit = unsafe UInt64(1) << (known - descriptor.pointee.fields)
                guard seen & bit == 0 else { throw .malformed("field \(field) comes twice") }
                seen |= bit
            }
            // SAFETY: a message field's descriptor is a message descriptor, by construction of the generated code.
            guard let inner = unsafe known.pointee.descriptor else { throw .malformed("field \(field) has no type") }
            try unsafe check(
                inside, as: inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), depth: depth + 1)
        }
    }
}
