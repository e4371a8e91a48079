import Glibc

/// What the process holds: counted before and after, it shows leaks.
package struct ProcessCount: Equatable, Sendable {
    package var descriptors: Int
    package var loopThreads: Int

    package static func now() -> ProcessCount {
        // The listing itself has a descriptor open, each time.
        ProcessCount(
            descriptors: entries("/proc/self/fd").count,
            loopThreads: entries("/proc/self/task").count { task in
                read("/proc/self/task/\(task)/comm").hasPrefix("contrail-loop")
            })
    }

    /// Resident memory in bytes.
    package static var residentBytes: Int {
        let pages = read("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4096
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func read(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
}
