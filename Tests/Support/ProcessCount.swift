import CContrailTestSupport
import ContrailBase
import Glibc

/// What the process holds: counted before and after, it shows leaks.
package struct ProcessCount: Equatable, Sendable {
    /// What each descriptor refers to, without the numbers.
    package var descriptors: [String]
    package var loopThreads: Int

    package static func now() -> ProcessCount {
        ProcessCount(
            // Dispatch makes its timers when it first needs them; we have none.
            descriptors: entries("/proc/self/fd").map { target("/proc/self/fd/\($0)") }
                .filter { !$0.contains("timerfd") }.sorted(),
            loopThreads: threads(named: "contrail-loop"))
    }

    /// Waits until the process holds no more than `before`, 20 s at most: threads that were told to end, and look-ups that
    /// nobody waits for any more, are gone a little later.
    package static func settles(to before: ProcessCount) async -> Bool {
        let time = SystemTime()
        for _ in 0..<2000 where now() != before { try? await time.sleep(until: time.now + .milliseconds(10)) }
        return now() == before
    }

    /// How many threads have a name that begins so.
    package static func threads(named prefix: String) -> Int {
        entries("/proc/self/task").count { read("/proc/self/task/\($0)/comm").hasPrefix(prefix) }
    }

    /// All threads of the process, those of the Swift runtime included.
    package static var threads: Int { entries("/proc/self/task").count }

    /// Bytes that malloc has handed out and not got back.
    package static var heapBytes: Int { Int(contrail_test_heap_bytes()) }

    /// Resident memory in bytes.
    package static var residentBytes: Int {
        let pages = read("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4096
    }

    /// The most resident memory that the process ever had, in kB.
    package static var peakKilobytes: Int {
        var usage = rusage()
        // SAFETY: the pointer is to a local variable.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }

    /// Sets how many descriptors the process may have; returns how many it was before.
    package static func setDescriptorLimit(_ count: UInt) -> UInt {
        var limit = rlimit()
        // SAFETY: the pointers are to a local variable.
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let before = UInt(limit.rlim_cur)
        limit.rlim_cur = rlim_t(count)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return before
    }

    /// AddressSanitizer keeps freed memory for a while: resident memory says nothing then.
    package static var isAddressSanitized: Bool { unsafe dlsym(nil, "__asan_init") != nil }

    /// ThreadSanitizer makes everything several times slower.
    package static var isThreadSanitized: Bool { unsafe dlsym(nil, "__tsan_init") != nil }

    private static func target(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = unsafe readlink(path, &buffer, buffer.count)
        let text = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(text.prefix { !$0.isNumber })
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
