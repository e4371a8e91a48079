import Contrail

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Sends GETs, so many at a time, for those who count what one costs. Run by scripts/lib/check_costs.py.
///
///     CostProgram URL COUNT CONCURRENCY untraced|traced
///
/// COST_PLANTED: so many allocations and system calls more per request, to show that the counts see them.
@main struct CostProgram {
    struct Usage: Error {}
    struct Refused: Error {}

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let count = Int(arguments[2]), let concurrency = Int(arguments[3]) else {
            throw Usage()
        }
        // SAFETY: nothing in this program changes the environment.
        let planted = unsafe getenv("COST_PLANTED").flatMap { unsafe Int(String(cString: $0)) } ?? 0
        let load = Load(url: arguments[1], count: count, concurrency: concurrency, planted: planted)
        switch arguments[4] {
        case "untraced": try await load.run()
        case "traced":
            let counts = try await Telemetry.scoped(service: "cost") { runtime in
                try await load.run()
                _ = await runtime.flush(timeout: .seconds(60))
                return runtime.counts
            }
            print("ended", counts.ended, "acknowledged", counts.acknowledged)
        default: throw Usage()
        }
    }
}

private struct Load: Sendable {
    let url: String
    let count: Int
    let concurrency: Int
    let planted: Int

    func run() async throws {
        var configuration = HTTPClient.Configuration()
        // Under a tool that counts, everything takes fifty times as long.
        (configuration.timeout, configuration.attemptTimeout) = (.seconds(600), .seconds(600))
        try await HTTPClient.withClient(configuration: configuration) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<concurrency {
                    group.addTask { try await work(client, stride(from: worker, to: count, by: concurrency)) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func work(_ client: HTTPClient, _ share: StrideTo<Int>) async throws {
        for _ in share {
            guard try await client.get(url).status == .ok else { throw CostProgram.Refused() }
            plant()
        }
    }

    /// All of it before any of it goes: the optimiser leaves out what is freed where it was taken.
    private func plant() {
        var pieces: [Piece] = []
        pieces.reserveCapacity(planted)
        for _ in 0..<planted {
            pieces.append(Piece())
            _ = getppid()
        }
    }
}

private final class Piece {}
