/// An immutable piece of bytes that is shared, not copied.
///
/// A response body arrives as chunks. Indexing is O(1); turning a chunk into a `String` or an `Array` copies.
public struct ByteChunk: Sendable {
    private let owner: Owner
    /// The number of bytes.
    public let count: Int

    /// Copies `bytes` into a new chunk.
    public init(_ bytes: some Sequence<UInt8>) {
        let array = Array(bytes)
        // SAFETY: a fresh allocation of array.count bytes, filled before anybody else sees it; the owner frees it.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: array.count, alignment: 1)
        unsafe memory.copyBytes(from: array)
        unsafe self.init(adopting: memory, deallocate: { unsafe $0.deallocate() })
    }

    /// Takes over memory that `deallocate` frees when the last copy of the chunk is gone.
    ///
    // SAFETY: the caller hands over the only reference; nobody writes to the memory from here on.
    package init(
        adopting memory: UnsafeMutableRawBufferPointer,
        deallocate: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
    ) {
        owner = unsafe Owner(memory: memory, deallocate: deallocate)
        count = memory.count
    }

    /// No bytes.
    public static let empty = ByteChunk([])

    /// True if there are no bytes.
    public var isEmpty: Bool { count == 0 }

    /// Calls `body` with the bytes; the pointer is valid during the call only.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(owner) { try unsafe body(UnsafeRawBufferPointer(owner.memory)) }
    }

    // SAFETY: memory is written before the owner exists, then only read; it is freed once, in deinit.
    @safe private final class Owner: @unchecked Sendable {
        let memory: UnsafeMutableRawBufferPointer
        let deallocate: @Sendable (UnsafeMutableRawBufferPointer) -> Void

        init(
            memory: UnsafeMutableRawBufferPointer,
            deallocate: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
        ) {
            unsafe self.memory = memory
            unsafe self.deallocate = deallocate
        }

        deinit { unsafe deallocate(memory) }
    }
}

extension ByteChunk: RandomAccessCollection {
    /// The first index: 0.
    public var startIndex: Int { 0 }
    /// One past the last index.
    public var endIndex: Int { count }
    /// The byte at `position`. Traps outside `0 ..< count`, as every collection does.
    public subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < count, "index out of range")
        return unsafe withUnsafeBytes { unsafe $0[position] }
    }
}

extension ByteChunk: Hashable {
    /// Equal if the bytes are.
    public static func == (a: Self, b: Self) -> Bool { a.count == b.count && a.elementsEqual(b) }

    /// Feeds the bytes.
    public func hash(into hasher: inout Hasher) { unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) } }
}

extension String {
    /// The bytes as UTF-8; what is not valid UTF-8 becomes U+FFFD. Copies.
    public init(_ chunk: ByteChunk) {
        self = unsafe chunk.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
