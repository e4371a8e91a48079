import ContrailBase

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A part of a file as the source of a body. Opened anew for each send.
struct FileSource: Sendable {
    let path: String
    let offset: Int64
    let length: Int64

    /// Large enough that the wake of the reading thread costs little, small enough that a hundred uploads fit in memory.
    static let pieceBytes = 256 * 1024

    /// Looks at the file; throws ``HTTPCall/FileProblem`` if it cannot be read or has no such part.
    init(path: String, offset: Int64, length: Int64?) throws {
        let descriptor = try Self.open(path)
        defer { _ = close(descriptor) }
        var status = stat()
        // SAFETY: the pointer is to a local variable.
        guard unsafe fstat(descriptor, &status) == 0 else { throw HTTPCall.FileProblem(path, errorNumber: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw HTTPCall.FileProblem(path, "is no regular file; give a pipe as a stream")
        }
        let size = Int64(status.st_size)
        guard offset >= 0, offset <= size else {
            throw HTTPCall.FileProblem(path, "has \(size) bytes; the offset is \(offset)")
        }
        if let length, length < 0 || length > size - offset {
            throw HTTPCall.FileProblem(path, "has \(size - offset) bytes behind the offset; the length is \(length)")
        }
        self.path = path
        self.offset = offset
        self.length = length ?? size - offset
    }

    /// Hands the bytes over in pieces. A file that has become shorter ends early: whoever enforces lengths notices.
    ///
    /// Reading a file blocks: it happens on threads made for that, never on those that run tasks.
    func write(to sink: @escaping WireBody.Sink) async throws {
        try await BlockingThreads.shared.host { try await copy(to: sink) }
    }

    private func copy(to sink: WireBody.Sink) async throws {
        let descriptor = try Self.open(path)
        defer { _ = close(descriptor) }
        var position = offset
        while position < offset + length {
            let wanted = Int(min(Int64(Self.pieceBytes), offset + length - position))
            try Task.checkCancellation()
            let piece = try Self.read(descriptor, at: position, count: wanted, path)
            guard !piece.isEmpty else { return }
            try await sink(piece)
            position += Int64(piece.count)
        }
    }

    private static func read(_ descriptor: Int32, at position: Int64, count: Int, _ path: String) throws -> ByteChunk {
        // SAFETY: a fresh block of `count` bytes; pread writes into it before anybody else sees it, and whoever ends up
        // with it, this function or the chunk, frees it.
        guard let start = unsafe malloc(count) else { throw HTTPCall.FileProblem(path, errorNumber: ENOMEM) }
        var got = -1
        repeat { got = unsafe pread(descriptor, start, count, off_t(position)) } while got < 0 && errno == EINTR
        guard got >= 0 else {
            let number = errno
            unsafe free(start)
            throw HTTPCall.FileProblem(path, errorNumber: number)
        }
        return unsafe ByteChunk(
            adopting: UnsafeMutableRawBufferPointer(start: start, count: got),
            deallocate: { unsafe free($0.baseAddress) })
    }

    private static func open(_ path: String) throws -> Int32 {
        // SAFETY: the path becomes a C string for the length of the call.
        // O_NONBLOCK: opening a pipe that nobody writes to must not wait; regular files do not care.
        #if canImport(Glibc)
            let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        #elseif canImport(Musl)
            let descriptor = unsafe Musl.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        #else
            let descriptor = unsafe Darwin.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        #endif
        guard descriptor >= 0 else { throw HTTPCall.FileProblem(path, errorNumber: errno) }
        return descriptor
    }
}
