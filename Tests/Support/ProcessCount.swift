import Glibc

/// What the process holds: counted before and after, it shows leaks.
package struct ProcessCount: Equatable, CustomStringConvertible {
    package var descriptors: Int
    /// Threads of our own; the runtime's come and go as it likes.
    package var loopThreads: Int

    package static func now() -> ProcessCount {
        ProcessCount(
            descriptors: entries("/proc/self/fd").count,
            loopThreads: entries("/proc/self/task").count { task in
                firstLine("/proc/self/task/\(task)/comm").hasPrefix("contrail-loop")
            })
    }

    package var description: String { "\(descriptors) descriptors, \(loopThreads) loop threads" }

    private static func entries(_ path: String) -> [String] {
        // SAFETY: the directory stream is opened, read and closed here; names are copied out.
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func firstLine(_ path: String) -> String {
        // SAFETY: the file is opened, read and closed here; the buffer is large enough for what is asked.
        guard let file = unsafe fopen(path, "r") else { return "" }
        defer { unsafe fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard unsafe fgets(&buffer, 127, file) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
