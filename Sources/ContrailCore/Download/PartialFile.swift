import ContrailBase

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that is being downloaded, beside the one that it will be.
///
/// The target is replaced at once or not at all: bytes → fsync → rename → fsync of the folder. Without the first fsync a
/// crash could leave the new name with nothing behind it; the second makes the rename itself last.
/// Every call that can wait for the disk runs on threads made for that, never on those of tasks or of the event loop.
/// Used by one task.
final class PartialFile: Sendable {
    let target: String
    private let path: String
    private let isKept: Bool
    private let descriptor: Locked<Int32?>

    /// What was found of an earlier download: its record, and its size.
    struct Found: Sendable {
        let record: String
        let size: Int64
    }

    private init(target: String, path: String, isKept: Bool, descriptor: Int32) {
        self.target = target
        self.path = path
        self.isKept = isKept
        self.descriptor = Locked(descriptor)
    }

    deinit { if let descriptor = descriptor.withLock({ $0 }) { _ = close(descriptor) } }

    /// Creates the file, or opens the one that an earlier download kept. Throws ``HTTPCall/FileProblem``.
    static func open(target: String, isKept: Bool, random: UInt64) async throws -> (PartialFile, Found?) {
        try await onDisk {
            guard !isDirectory(target) else { throw problem(target, EISDIR) }
            let (folder, name) = split(target)
            // Hidden and of its own while nobody is to find it; at a known place if it is to be found again.
            let path = isKept ? target + ".part" : "\(folder)/.\(name).\(String(random, radix: 16)).part"
            let descriptor = try open(path, O_RDWR | O_CREAT | O_NOFOLLOW | (isKept ? 0 : O_EXCL))
            let file = PartialFile(target: target, path: path, isKept: isKept, descriptor: descriptor)
            guard isKept else { return (file, nil) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw HTTPCall.FileProblem(path, "is being written by another download")
            }
            return (file, try file.found())
        }
    }

    /// Writes `chunks` one behind the other.
    func write(_ chunks: [ByteChunk], at offset: Int64) async throws {
        try await Self.onDisk { [self] in
            var position = offset
            for chunk in chunks {
                try Self.writeAll(chunk, try handle(), at: position, path)
                position += Int64(chunk.count)
            }
        }
    }

    /// Begins anew; what is written from now on belongs to `record`.
    func reset(_ record: PartialRecord?) async throws {
        try await Self.onDisk { [self] in
            guard ftruncate(try handle(), 0) == 0 else { throw Self.problem(path, errno) }
            guard isKept else { return }
            Self.remove(recordPath)
            guard let record else { return }
            let descriptor = try Self.open(recordPath, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
            defer { _ = close(descriptor) }
            try Self.writeAll(ByteChunk(record.text.utf8), descriptor, at: 0, recordPath)
        }
    }

    /// Puts the file in the target's place.
    func commit() async throws {
        try await Self.onDisk { [self] in
            let handle = try handle()
            guard fsync(handle) == 0 else { throw Self.problem(path, errno) }
            guard Self.move(path, target) == 0 else { throw Self.problem(target, errno) }
            if isKept { Self.remove(recordPath) }
            closeFile()
            // The new name is there already; a file system that cannot sync folders keeps it as well as it can.
            guard let folder = try? Self.open(Self.split(target).folder, O_RDONLY | O_DIRECTORY) else { return }
            _ = fsync(folder)
            _ = close(folder)
        }
    }

    /// The download failed: the file goes, unless it is kept to be continued. Never throws: the first error counts.
    func abandon(canContinue: Bool) async {
        try? await Self.onDisk { [self] in
            if isKept, canContinue, let handle = try? handle() {
                _ = fsync(handle)
            } else {
                Self.remove(path)
                if isKept { Self.remove(recordPath) }
            }
            closeFile()
        }
    }

    // MARK: On the threads for blocking work

    /// Cancelled or not: what has begun is put in order.
    private static func onDisk<Value: Sendable>(_ work: @Sendable () throws -> Value) async throws -> Value {
        try await BlockingThreads.shared.run(work)
    }

    private var recordPath: String { path + ".info" }

    private func handle() throws -> Int32 {
        guard let descriptor = descriptor.withLock({ $0 }) else { throw Self.problem(path, EBADF) }
        return descriptor
    }

    private func closeFile() {
        let descriptor = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let descriptor { _ = close(descriptor) }
    }

    private func found() throws -> Found? {
        var status = stat()
        // SAFETY: the pointer is to a local variable.
        guard unsafe fstat(try handle(), &status) == 0 else { throw Self.problem(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw HTTPCall.FileProblem(path, "is no regular file") }
        guard status.st_size > 0, let record = readRecord() else { return nil }
        return Found(record: record, size: Int64(status.st_size))
    }

    private func readRecord() -> String? {
        guard let descriptor = try? Self.open(recordPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return nil }
        defer { _ = close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: PartialRecord.maxBytes)
        // SAFETY: reads into the local array, at most its size.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    /// Writes until all of it is written; a signal or a full pipe's worth is no end.
    static func writeAll(_ chunk: ByteChunk, _ descriptor: Int32, at offset: Int64, _ path: String) throws {
        var done = 0
        while done < chunk.count {
            // SAFETY: the pointer stays within the chunk, which lives until the call is over.
            let count = unsafe chunk.withUnsafeBytes { bytes in
                unsafe pwrite(
                    descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done,
                    off_t(offset) + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw problem(path, count == 0 ? ENOSPC : errno) }
            done += count
        }
    }

    /// Readable by everybody whom the process's umask does not forbid it, as files usually are.
    private static func open(_ path: String, _ flags: Int32) throws -> Int32 {
        // SAFETY: the path becomes a C string for the length of the call.
        #if canImport(Glibc)
            let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o666)
        #elseif canImport(Musl)
            let descriptor = unsafe Musl.open(path, flags | O_CLOEXEC, 0o666)
        #else
            let descriptor = unsafe Darwin.open(path, flags | O_CLOEXEC, 0o666)
        #endif
        guard descriptor >= 0 else { throw problem(path, errno) }
        return descriptor
    }

    // SAFETY: here and below, paths become C strings for the length of the call.
    private static func remove(_ path: String) { _ = unsafe unlink(path) }

    private static func move(_ path: String, _ target: String) -> Int32 { unsafe rename(path, target) }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: the pointer is to a local variable.
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }

    private static func problem(_ path: String, _ number: Int32) -> HTTPCall.FileProblem {
        HTTPCall.FileProblem(path, errorNumber: number, verb: "written")
    }
}
