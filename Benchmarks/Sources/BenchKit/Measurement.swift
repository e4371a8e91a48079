#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs a load and prints what it cost, as one line of JSON.
public enum Measurement {
    /// `request` does one request and returns how many bytes its body had; it throws unless the answer was 200.
    ///
    /// Warm-up first (twenty requests per worker), then the clock runs. `finish` runs inside the measure: what was put
    /// off, like exporting spans, belongs to the price.
    public static func run(
        _ load: Load, finish: @Sendable () async -> String = { "" },
        _ request: @escaping @Sendable () async throws -> Int
    ) async {
        _ = await work(load, count: load.concurrency * 20, request)
        let (cpu, start) = (cpuMicroseconds(), ContinuousClock.now)
        let result = await work(load, count: load.count, request)
        let wall = ContinuousClock.now - start
        let note = await finish()
        let spent = cpuMicroseconds() - cpu
        print(line(load, result, wall: wall.microseconds, cpu: spent, note: note))
    }

    struct Result: Sendable {
        var latencies: [Double] = []
        var failed = 0
        var bytes = 0
    }

    private static func work(
        _ load: Load, count: Int, _ request: @escaping @Sendable () async throws -> Int
    ) async -> Result {
        await withTaskGroup(of: Result.self) { group in
            let workers = min(load.concurrency, count)
            for worker in 0..<workers {
                group.addTask {
                    var result = Result()
                    for _ in stride(from: worker, to: count, by: workers) {
                        let start = ContinuousClock.now
                        do { result.bytes += try await request() } catch { result.failed += 1 }
                        result.latencies.append((ContinuousClock.now - start).microseconds)
                    }
                    return result
                }
            }
            return await group.reduce(into: Result()) { whole, part in
                whole.latencies += part.latencies
                whole.failed += part.failed
                whole.bytes += part.bytes
            }
        }
    }

    private static func line(_ load: Load, _ result: Result, wall: Double, cpu: Double, note: String) -> String {
        let sorted = result.latencies.sorted()
        func quantile(_ part: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] }
        let figures: [(String, Double)] = [
            ("cpu_us", cpu / Double(load.count)), ("per_second", Double(load.count) * 1e6 / wall),
            ("p50_us", quantile(0.5)), ("p99_us", quantile(0.99)), ("p999_us", quantile(0.999)),
            ("peak_kb", Double(usage().ru_maxrss)), ("failed", Double(result.failed)),
            ("bytes", Double(result.bytes)),
        ]
        let fields = figures.map { "\"\($0.0)\": \(($0.1 * 1000).rounded() / 1000)" } + ["\"note\": \"\(note)\""]
        return "{" + fields.joined(separator: ", ") + "}"
    }

    private static func cpuMicroseconds() -> Double {
        let usage = usage()
        func microseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1e6 + Double(time.tv_usec) }
        return microseconds(usage.ru_utime) + microseconds(usage.ru_stime)
    }

    private static func usage() -> rusage {
        var usage = rusage()
        #if canImport(Glibc)
            _ = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
            _ = getrusage(RUSAGE_SELF, &usage)
        #endif
        return usage
    }
}

extension Duration {
    var microseconds: Double { Double(components.seconds) * 1e6 + Double(components.attoseconds) / 1e12 }
}

/// The answer was not 200.
public struct Refused: Error {
    /// The answer was not 200.
    public init() {}
}
