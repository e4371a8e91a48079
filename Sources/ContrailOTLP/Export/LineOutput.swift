import ContrailBase

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where exporters that write text write it: a file, or one of the process's streams.
///
/// Whole lines, one write each as far as the system takes them, so that lines of several processes do not mix. A stream
/// that nobody reads blocks the writer, which is the exporter's task and never the caller's.
package final class LineOutput: Sendable {
    /// Why a line was not written.
    package enum Problem: Error, Sendable, Equatable {
        /// The system's error number.
        case system(Int32)
        /// The file has reached its limit.
        case full(limitBytes: Int)
        case closed
    }

    private struct State {
        var descriptor: Int32
        var bytes: Int
    }

    private let ownsDescriptor: Bool
    private let maxBytes: Int
    private let state: Locked<State>

    private init(descriptor: Int32, owns: Bool, bytes: Int, maxBytes: Int) {
        ownsDescriptor = owns
        self.maxBytes = maxBytes
        state = Locked(State(descriptor: descriptor, bytes: bytes))
    }

    deinit { close() }

    /// The process's standard output.
    package static func standardOutput() -> LineOutput {
        LineOutput(descriptor: STDOUT_FILENO, owns: false, bytes: 0, maxBytes: .max)
    }

    /// The process's standard error stream.
    package static func standardError() -> LineOutput {
        LineOutput(descriptor: STDERR_FILENO, owns: false, bytes: 0, maxBytes: .max)
    }

    /// A file that is made if it is not there, and continued if it is. It does not grow beyond `maxBytes`.
    package static func file(_ path: String, maxBytes: Int) throws(Problem) -> LineOutput {
        // Spans may tell of people: others on the machine need not read them.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .system(errno) }
        let end = lseek(descriptor, 0, Int32(SEEK_END))
        return LineOutput(descriptor: descriptor, owns: true, bytes: max(0, Int(end)), maxBytes: maxBytes)
    }

    /// Writes `bytes` and a line break.
    package func write(_ bytes: [UInt8]) throws(Problem) {
        let line = bytes + [UInt8(ascii: "\n")]
        let problem = state.withLock { state -> Problem? in
            guard state.descriptor >= 0 else { return .closed }
            guard line.count <= maxBytes - state.bytes else { return .full(limitBytes: maxBytes) }
            state.bytes += line.count
            return Self.writeAll(line, to: state.descriptor)
        }
        if let problem { throw problem }
    }

    /// Ends. Idempotent.
    package func close() {
        let descriptor = state.withLock { state in
            defer { state.descriptor = -1 }
            return state.descriptor
        }
        if ownsDescriptor, descriptor >= 0 { _ = system_close(descriptor) }
    }

    // SAFETY: the pointer stays within the array, and is used during the call only.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Problem? {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe system_write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[written...]))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .system(errno) }
            written += count
        }
        return nil
    }
}

// The class has methods of the same names.
private func system_close(_ descriptor: Int32) -> Int32 { close(descriptor) }

// SAFETY: the caller keeps the buffer alive; its own size is passed.
private func system_write(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
    unsafe write(descriptor, buffer.baseAddress, buffer.count)
}
