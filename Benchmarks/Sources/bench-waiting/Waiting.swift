// What waiting costs. Run by scripts/bench --waiting.
//
//   bench-waiting tasks COUNT           so many tasks that wait for nothing; prints the memory they take
//   bench-waiting queued COUNT URL      so many calls that wait for a permit, as URL never answers; likewise
//   bench-waiting idle SECONDS URL untraced|traced
//                                       some requests, then nothing for so long: whatever runs then is too much
import CBenchMemory
import Contrail
import Foundation
import Synchronization

@main struct Waiting {
    struct Usage: Error {}

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let number = Int(arguments[2]) else { throw Usage() }
        switch (arguments[1], arguments.count) {
        case ("tasks", 3): await tasks(number)
        case ("queued", 4): try await queued(number, url: arguments[3])
        case ("idle", 5): try await idle(UInt32(number), url: arguments[3], traced: arguments[4] == "traced")
        default: throw Usage()
        }
    }

    private static func tasks(_ count: Int) async {
        let waiters = Waiters()
        let before = Memory()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask { await withCheckedContinuation { waiters.add($0) } }
            }
            while waiters.count < count { try? await Task.sleep(for: .milliseconds(20)) }
            Memory().report(since: before, per: count)
            waiters.resumeAll()
        }
    }

    private static func queued(_ count: Int, url: String) async throws {
        var configuration = HTTPClient.Configuration()
        configuration.limits.maxPerOrigin = 1
        configuration.limits.maxQueued = count
        (configuration.timeout, configuration.attemptTimeout) = (.seconds(600), .seconds(600))
        try await HTTPClient.withClient(configuration: configuration) { client in
            // The one that is under way is no part of it, nor is what a first call sets up.
            let first = Task { try await client.get(url) }
            while client.poolStatistics.inFlight == 0 { try? await Task.sleep(for: .milliseconds(20)) }
            let before = Memory()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<count {
                    group.addTask { _ = try? await client.get(url) }
                }
                while client.poolStatistics.queued < count { try? await Task.sleep(for: .milliseconds(20)) }
                Memory().report(since: before, per: count)
                group.cancelAll()
                first.cancel()
            }
        }
    }

    private static func idle(_ time: UInt32, url: String, traced: Bool) async throws {
        try await HTTPClient.withClient { client in
            let work: @Sendable (Telemetry.Runtime?) async throws -> Void = { runtime in
                for _ in 0..<20 { _ = try await client.get(url) }
                _ = await runtime?.flush(timeout: .seconds(5))
                await nothing(for: time)
            }
            if traced { try await Telemetry.scoped(service: "bench", work) } else { try await work(nil) }
        }
    }

    /// Seconds without a timer of the runtime: `Task.sleep` wakes up once per second on Linux, whoever uses it.
    private static func nothing(for seconds: UInt32) async {
        await withCheckedContinuation { waiter in
            Thread.detachNewThread {
                sleep(seconds)
                waiter.resume()
            }
        }
    }
}

/// Tasks that wait for nothing.
private final class Waiters: Sendable {
    private let all = Mutex<[CheckedContinuation<Void, Never>]>([])

    var count: Int { all.withLock { $0.count } }
    func add(_ waiter: CheckedContinuation<Void, Never>) { all.withLock { $0.append(waiter) } }
    func resumeAll() { for waiter in all.withLock({ $0 }) { waiter.resume() } }
}

/// What the process has taken.
struct Memory {
    private let resident = Memory.residentBytes()
    private let allocated = Int(bench_allocated_bytes())

    func report(since before: Memory, per count: Int) {
        let (resident, allocated) = (resident - before.resident, allocated - before.allocated)
        print("{\"resident_bytes\": \(resident / count), \"allocated_bytes\": \(allocated / count)}")
    }

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
