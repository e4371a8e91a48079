#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What detectors may look at, as a value: tests hand in a machine of their own.
package struct SystemReader: Sendable {
    /// What `uname` says.
    package struct Name: Sendable {
        package var system = ""
        package var node = ""
        package var release = ""
        package var version = ""
        package var machine = ""

        package init() {}
    }

    /// A file's text; `nil` if it cannot be read. At most 256 kB.
    package var read: @Sendable (_ path: String) -> String?
    package var name = Name()
    package var processID: Int64 = 0
    package var userID: UInt32 = 0
    /// The program's file; `nil` if not known.
    package var executable: String?
    package var arguments: [String] = []

    /// A machine with these files and nothing else.
    package init(files: [String: String]) {
        read = { files[$0] }
    }

    /// This machine.
    package static func current() -> SystemReader {
        var reader = SystemReader(files: [:])
        reader.read = { readFile($0) }
        reader.name = currentName()
        reader.processID = Int64(getpid())
        reader.userID = geteuid()
        reader.executable = linkTarget("/proc/self/exe")
        reader.arguments = CommandLine.arguments
        return reader
    }

    private static let maxFileBytes = 256 << 10

    // SAFETY: the buffer outlives the calls, which are told its size.
    private static func readFile(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < maxFileBytes {
            let count = Self.read(descriptor, &piece)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // SAFETY: the array's own size is passed.
    private static func read(_ descriptor: Int32, _ piece: inout [UInt8]) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.read(descriptor, &piece, piece.count)
        #elseif canImport(Musl)
            unsafe Musl.read(descriptor, &piece, piece.count)
        #else
            unsafe Darwin.read(descriptor, &piece, piece.count)
        #endif
    }

    // SAFETY: the buffer's size is passed; readlink writes no terminator.
    private static func linkTarget(_ path: String) -> String? {
        var target = [UInt8](repeating: 0, count: 4096)
        let count = unsafe target.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return count > 0 ? String(decoding: target[..<count], as: UTF8.self) : nil
    }

    // SAFETY: uname fills the struct, whose fields are NUL-terminated arrays.
    private static func currentName() -> Name {
        var raw = utsname()
        guard unsafe uname(&raw) == 0 else { return Name() }
        var name = Name()
        name.system = text(raw.sysname)
        name.node = text(raw.nodename)
        name.release = text(raw.release)
        name.version = text(raw.version)
        name.machine = text(raw.machine)
        return name
    }

    // SAFETY: reads the bytes of a value that is passed whole.
    private static func text<Field>(_ field: Field) -> String {
        unsafe withUnsafeBytes(of: field) { String(decoding: unsafe Array($0).prefix { $0 != 0 }, as: UTF8.self) }
    }
}
