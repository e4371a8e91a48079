public import ContrailBase

/// The body of a request as a transport sends it: bytes in memory, or a source that hands them over when it is asked.
///
/// A value; copies share what they were made of. A *one-shot* source can be written once, by whichever copy: a request
/// that has one cannot be sent again from the moment the writing has begun (see ``canBeSent``).
public struct WireBody: Sendable {
    /// Takes chunks in order. Suspends while the connection does not keep up; throws once nobody wants the rest.
    public typealias Sink = @Sendable (ByteChunk) async throws -> Void

    private enum Storage {
        case bytes(ByteChunk)
        case source(Source)
    }
    private let storage: Storage

    /// These bytes; shared, not copied.
    public init(_ bytes: ByteChunk) { storage = .bytes(bytes) }

    /// What `write` hands to its sink. `write` returns when that was all, and throws to give up the send.
    ///
    /// `length` is a promise in bytes, which transports enforce; `nil`: not known, sent in chunks (RFC 9112 §7.1).
    /// `isReplayable` says whether `write` brings the same bytes each time it is called.
    public init(length: Int64?, isReplayable: Bool, write: @escaping @Sendable (@escaping Sink) async throws -> Void) {
        storage = .source(Source(length: length.map { max(0, $0) }, isReplayable: isReplayable, produce: write))
    }

    /// The bytes, if they are in memory already.
    public var bytes: ByteChunk? { if case .bytes(let bytes) = storage { bytes } else { nil } }

    /// The number of bytes; `nil`: not known in advance.
    public var length: Int64? {
        switch storage {
        case .bytes(let bytes): Int64(bytes.count)
        case .source(let source): source.length
        }
    }

    /// True if the same bytes can be sent again and again.
    public var isReplayable: Bool { if case .source(let source) = storage { source.isReplayable } else { true } }

    /// True if a send that begins now would get the whole body: it is replayable, or nothing was taken of it yet.
    /// Policies ask this before they send a second time.
    public var canBeSent: Bool { if case .source(let source) = storage { source.canBeSent } else { true } }

    /// Hands all bytes to `sink`, chunk by chunk. Throws what the source or the sink throws, and ``AlreadySent`` if
    /// this is the second time for a one-shot source. What the task is cancelled for is the source's to notice.
    public func write(to sink: @escaping Sink) async throws {
        switch storage {
        case .bytes(let bytes): try await sink(bytes)
        case .source(let source): try await source.write(to: sink)
        }
    }

    /// All bytes, if they are at most `maxBytes`; more throws ``TooLarge``. Uses a one-shot source up.
    public func collect(upTo maxBytes: Int) async throws -> ByteChunk {
        if let bytes {
            guard bytes.count <= maxBytes else { throw TooLarge(maxBytes: maxBytes) }
            return bytes
        }
        let collected = Locked<[UInt8]>([])
        try await write { chunk in
            try collected.withLock { bytes in
                guard bytes.count + chunk.count <= maxBytes else { throw TooLarge(maxBytes: maxBytes) }
                bytes.append(contentsOf: chunk)
            }
        }
        return ByteChunk(collected.withLock { $0 })
    }

    /// A one-shot body was asked for a second time. The caller's: make the body anew, or give a factory.
    public struct AlreadySent: Error, Sendable, Hashable, CustomStringConvertible {
        /// What happened, and what to do.
        public var description: String { "this body can be sent once, and was; use .factory to have it sent again" }
    }

    /// A body has more bytes than the one who collects it allows.
    public struct TooLarge: Error, Sendable, Hashable, CustomStringConvertible {
        /// The limit.
        public let maxBytes: Int
        /// The limit, in a sentence.
        public var description: String { "the request body has more than \(maxBytes) bytes" }
    }

    /// Shared by all copies of a body, so that they agree on whether it was used.
    private final class Source: Sendable {
        let length: Int64?
        let isReplayable: Bool
        private let produce: @Sendable (@escaping Sink) async throws -> Void
        private let isTaken = Locked(false)

        init(length: Int64?, isReplayable: Bool, produce: @escaping @Sendable (@escaping Sink) async throws -> Void) {
            self.length = length
            self.isReplayable = isReplayable
            self.produce = produce
        }

        var canBeSent: Bool { isReplayable || !isTaken.withLock { $0 } }

        func write(to sink: @escaping Sink) async throws {
            let wasTaken = isTaken.withLock { isTaken in
                defer { isTaken = true }
                return isTaken
            }
            guard isReplayable || !wasTaken else { throw AlreadySent() }
            try await produce(sink)
        }
    }
}
