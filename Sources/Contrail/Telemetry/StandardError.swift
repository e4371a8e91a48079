#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The process's standard error stream, a whole line at a time.
enum StandardError {
    static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // One write: lines of several processes on one terminal do not mix. What cannot be written is lost.
        // SAFETY: the pointer is to `bytes`, which outlives the call.
        _ = unsafe bytes.withUnsafeBytes { unsafe Self.system($0) }
    }

    // SAFETY: reads `buffer.count` bytes of a buffer that the caller keeps alive.
    private static func system(_ buffer: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            unsafe Musl.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
        #else
            unsafe Darwin.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
        #endif
    }
}
