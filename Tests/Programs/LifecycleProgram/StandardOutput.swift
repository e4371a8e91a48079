#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

enum StandardOutput {
    /// Standard output is buffered when it is a pipe; the test waits for a line.
    static func flush() { _ = fflush(nil) }
}
