import CContrailOTLP
import ContrailBase

extension OTLP {
    /// Unpacks `bytes` into a tree that lives during `body` only.
    ///
    /// The raw bytes are checked first; then libprotobuf-c builds the tree in an arena of bounded size.
    ///
    // SAFETY: arena and tree end with this call; `body` copies what it needs and returns no pointer. The message is an
    // object of the type that `initialize` belongs to, since both come from the same generated header.
    static func unpack<Message, Result>(
        _ bytes: ByteChunk, _ initialize: WireInitializer<Message>, limits: DecodingLimits,
        _ body: (UnsafePointer<Message>) throws(DecodingError) -> Result
    ) throws(DecodingError) -> Result {
        guard bytes.count <= limits.maxBytes else { throw .tooLarge(limitBytes: limits.maxBytes) }
        var memory = BoundedArena(limitBytes: limits.maxMemoryBytes)
        let prototype = unsafe memory.arena.make(initialize)
        // The descriptor itself is a C constant, and Swift would hand out the address of a copy of it.
        let descriptor = unsafe UnsafeMutableRawPointer(prototype).assumingMemoryBound(to: ProtobufCMessage.self)
            .pointee
            .descriptor
        guard let descriptor = unsafe descriptor else { throw .malformed("no descriptor") }

        // rethrows does not carry a typed error through withUnsafeBytes.
        let outcome: Swift.Result<Result, DecodingError> = unsafe bytes.withUnsafeBytes { raw in
            Swift.Result { () throws(DecodingError) -> Result in
                try unsafe WireCheck(maxDepth: limits.maxDepth).check(raw, as: descriptor)
                guard let message = unsafe memory.unpack(raw, as: descriptor) else {
                    throw memory.isExhausted
                        ? .tooLarge(limitBytes: limits.maxMemoryBytes) : .malformed("a field has another type")
                }
                return try unsafe body(UnsafeRawPointer(message).assumingMemoryBound(to: Message.self))
            }
        }
        return try outcome.get()
    }
}

/// An arena that libprotobuf-c allocates from, up to a limit.
private struct BoundedArena: ~Copyable {
    var arena = Arena()
    let limitBytes: Int
    /// True if something did not fit.
    private(set) var isExhausted = false

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    // SAFETY: the allocator, and the pointer to self in it, are used during the call only.
    mutating func unpack(
        _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) -> UnsafeMutablePointer<ProtobufCMessage>? {
        unsafe withUnsafeMutablePointer(to: &self) { arena in
            var allocator = unsafe ProtobufCAllocator(
                alloc: allocateInArena, free: leaveToArena, allocator_data: UnsafeMutableRawPointer(arena))
            return unsafe protobuf_c_message_unpack(
                descriptor, &allocator, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
    }

    fileprivate mutating func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard arena.canTake(byteCount: byteCount, limit: limitBytes) else {
            isExhausted = true
            return nil
        }
        return unsafe arena.allocate(byteCount: byteCount, alignment: 16)
    }
}

/// malloc for libprotobuf-c; nil makes it give up.
// SAFETY: `data` is the BoundedArena that the unpack call above passed, which waits for the call to return.
private func allocateInArena(_ data: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    guard let data = unsafe data else { return nil }
    return unsafe data.assumingMemoryBound(to: BoundedArena.self).pointee.allocate(byteCount: size)
}

/// free for libprotobuf-c: everything goes with the arena.
private func leaveToArena(_: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?) {}
