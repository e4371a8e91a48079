import CContrailOTLP

/// Memory for one message tree: handed out piece by piece, given back all at once.
///
/// A span is dozens of small C structs. One bump of a pointer each is far cheaper than one `malloc` each, and nothing
/// can leak, since nothing is freed piecemeal.
// SAFETY: blocks belong to the arena and live until its deinit. Pointers into them must not leave the scope that owns
// the arena; it is not copyable, and only the encoder's and decoder's entry points own one.
@safe struct Arena: ~Copyable {
    private var blocks: [UnsafeMutableRawPointer] = unsafe []
    private var next: UInt = 0
    private var end: UInt = 0
    private var blockBytes: Int
    /// What was taken from the system so far.
    private(set) var reservedBytes = 0

    init(firstBlockBytes: Int = 64 << 10) { blockBytes = firstBlockBytes }

    deinit {
        for index in unsafe blocks.indices { unsafe blocks[index].deallocate() }
    }

    /// Raw memory, not initialised; at least one byte, so that the pointer is good even for nothing.
    mutating func allocate(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
        let start = (next + UInt(alignment - 1)) & ~UInt(alignment - 1)
        let after = start + UInt(max(byteCount, 1))
        // SAFETY: [start, after) lies inside the current block, and was not handed out before.
        if after <= end, let pointer = unsafe UnsafeMutableRawPointer(bitPattern: start) {
            next = after
            return unsafe pointer
        }
        return unsafe allocateInNewBlock(byteCount: max(byteCount, 1))
    }

    private mutating func allocateInNewBlock(byteCount: Int) -> UnsafeMutableRawPointer {
        let size = max(blockBytes, byteCount)
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe blocks.append(block)
        reservedBytes += size
        // Blocks grow, so that a large message needs few; a piece that has a block of its own does not end the current
        // one.
        if size == blockBytes {
            next = UInt(bitPattern: block) + UInt(byteCount)
            end = UInt(bitPattern: block) + UInt(size)
            blockBytes = min(blockBytes * 2, 4 << 20)
        }
        return unsafe block
    }

    /// Takes back the last bytes in front of `end`, if nothing was handed out behind them.
    mutating func giveBack(_ end: UnsafeMutablePointer<UInt8>, unused: Int) {
        if next == UInt(bitPattern: end) { next -= UInt(unused) }
    }

    /// True if `byteCount` more bytes keep the arena within `limit`.
    func canTake(byteCount: Int, limit: Int) -> Bool {
        let total = reservedBytes.addingReportingOverflow(max(blockBytes, byteCount))
        return byteCount <= Int(end &- next) - 16 || (!total.overflow && total.partialValue <= limit)
    }

    /// A message in its initial state.
    mutating func make<Message>(_ initialize: WireInitializer<Message>) -> UnsafeMutablePointer<Message> {
        let memory = unsafe allocate(byteCount: MemoryLayout<Message>.size, alignment: MemoryLayout<Message>.alignment)
        let message = unsafe memory.bindMemory(to: Message.self, capacity: 1)
        unsafe initialize(message)
        return unsafe message
    }

    /// Room for `count` pointers, all `nil`.
    mutating func makeList<Message>(
        of _: Message.Type, count: Int
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?> {
        typealias Pointer = UnsafeMutablePointer<Message>?
        let memory = unsafe allocate(
            byteCount: count * MemoryLayout<Pointer>.stride, alignment: MemoryLayout<Pointer>.alignment)
        let list = unsafe memory.bindMemory(to: Pointer.self, capacity: count)
        unsafe list.initialize(repeating: nil, count: count)
        return unsafe list
    }

    /// A copy of the text's UTF-8.
    mutating func copy(_ text: String) -> ProtobufCBinaryData {
        var text = text
        return text.withUTF8 { unsafe copy(UnsafeRawBufferPointer($0)) }
    }

    /// A copy of the bytes.
    mutating func copy(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        unsafe bytes.withUnsafeBytes { unsafe copy($0) }
    }

    /// The number's bytes, big-endian, as ids are written.
    mutating func copyBigEndian(_ word: UInt64) -> ProtobufCBinaryData {
        let memory = unsafe allocate(byteCount: 8, alignment: 8)
        unsafe memory.storeBytes(of: word.bigEndian, as: UInt64.self)
        return unsafe binary(memory, 8)
    }

    /// Both numbers' bytes.
    mutating func copyBigEndian(_ high: UInt64, _ low: UInt64) -> ProtobufCBinaryData {
        let memory = unsafe allocate(byteCount: 16, alignment: 8)
        unsafe memory.storeBytes(of: high.bigEndian, as: UInt64.self)
        unsafe memory.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        return unsafe binary(memory, 16)
    }

    /// A copy of the bytes.
    mutating func copy(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
        let memory = unsafe allocate(byteCount: bytes.count, alignment: 1)
        if let source = bytes.baseAddress { unsafe memory.copyMemory(from: source, byteCount: bytes.count) }
        return unsafe binary(memory, bytes.count)
    }

    private func binary(_ memory: UnsafeMutableRawPointer, _ count: Int) -> ProtobufCBinaryData {
        unsafe ProtobufCBinaryData(len: count, data: memory.assumingMemoryBound(to: UInt8.self))
    }
}
