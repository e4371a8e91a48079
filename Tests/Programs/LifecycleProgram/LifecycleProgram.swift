// A program for tests that need a process: does requests under Telemetry.run and ends as it is told.
// Arguments: URL COUNT (return | wait | fail | stubborn) [PAUSE: ms between the requests of each of 16 workers]. Prints how many answers had which status, and how long calls took.
// LIFECYCLE_GRACE: the shutdown's budget in seconds.
import Contrail
import Foundation

@main struct LifecycleProgram {
    struct Failure: Error {}

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let count = Int(arguments[2]) else { throw Failure() }
        let (url, ending) = (arguments[1], arguments[3])
        var configuration = Telemetry.Configuration()
        if let grace = ProcessInfo.processInfo.environment["LIFECYCLE_GRACE"].flatMap(Int.init) {
            configuration.shutdownTimeout = .seconds(grace)
        }
        try await Telemetry.run(service: "lifecycle", configuration: configuration) {
            var statuses: [Int: Int] = [:]
            var durations: [Duration] = []
            for (status, duration) in await fetch(
                url, count, pause: .milliseconds(arguments.count > 4 ? Int(arguments[4]) ?? 0 : 0))
            {
                statuses[status, default: 0] += 1
                durations.append(duration)
            }
            durations.sort()
            print(
                "statuses", statuses.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ","))
            print("p50_us", durations[count / 2].microseconds, "p99_us", durations[count * 99 / 100].microseconds)
            StandardOutput.flush()
            switch ending {
            case "wait": try await Task.sleep(for: .seconds(60))
            case "fail": throw Failure()
            case "stubborn": await Self.ignoreCancellation()
            default: break
            }
        }
        print("returned")
    }

    /// Says that it was cancelled, and stays.
    private static func ignoreCancellation() async {
        _ = try? await SystemTime().sleep(until: SystemTime().now + .seconds(60))
        print("cancelled")
        StandardOutput.flush()
        await Task { _ = try? await SystemTime().sleep(until: SystemTime().now + .seconds(60)) }.value
    }

    /// Sixteen at a time, each timed.
    private static func fetch(_ url: String, _ count: Int, pause: Duration) async -> [(status: Int, duration: Duration)]
    {
        await withTaskGroup(of: [(Int, Duration)].self) { group in
            let workers = min(16, count)
            for worker in 0..<workers {
                group.addTask {
                    var results: [(Int, Duration)] = []
                    for _ in stride(from: worker, to: count, by: workers) {
                        let start = SystemTime().now
                        let status = (try? await HTTPClient.shared.get(url).status.code) ?? 0
                        results.append((status, SystemTime().now - start))
                        if pause > .zero { try? await SystemTime().sleep(until: start + pause) }
                    }
                    return results
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }
}

extension Duration {
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
