import ContrailBase
import ContrailCore
import ContrailTestSupport
import Glibc
import Testing

@testable import ContrailCurl

/// Set CONTRAIL_THROUGHPUT to run it.
private var isThroughputAsked: Bool { unsafe getenv("CONTRAIL_THROUGHPUT") != nil }

/// Reported, never asserted: a test machine is no place for figures. Runs in release builds only tell the truth.
@Suite(
    "Throughput",
    .enabled(if: Nginx.isInstalled && isThroughputAsked, "set CONTRAIL_THROUGHPUT"),
    .serialized, .timeLimit(.minutes(2)))
struct ThroughputTests {
    @Test(arguments: [1, 64])
    func smallGets(concurrency: Int) async throws {
        try await withNginx { nginx in
            let transport = CurlTransport()
            let port = nginx.port
            try await run(transport, port, concurrency, total: 5_000)
            let total = 60_000
            let clock = SystemTime()
            let (wall, cpu) = (clock.now, Self.cpuMicroseconds())
            try await run(transport, port, concurrency, total: total)
            let seconds = (clock.now - wall).inSeconds
            let used = Double(Self.cpuMicroseconds() - cpu) / Double(total)
            print(
                "concurrency \(concurrency): \(Int(Double(total) / seconds)) requests/s, \(used) µs CPU per request,"
                    + " \(transport.counters)")
            await transport.shutdown()
        }
    }

    private func run(_ transport: CurlTransport, _ port: Int, _ concurrency: Int, total: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<concurrency {
                group.addTask {
                    let request = WireRequest.get(port)
                    for _ in 0..<(total / concurrency) { _ = try await transport.fetch(request) }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func cpuMicroseconds() -> Int {
        var usage = rusage()
        // SAFETY: the pointer is to a local variable.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return seconds * 1_000_000 + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }
}
