#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs a load and prints what it cost, as one line of JSON.
public enum Measurement {
    /// Warm-up first, then the clock runs. Flushing is inside the measure: what was put off, like exporting spans, belongs
    /// to the price.
    public static func run(_ load: Load, _ contender: some Contender) async {
        _ = await closedLoop(load, count: warmUp(load)) {
            load.kind == .post ? try await contender.post(load.url) : try await contender.get(load.url)
        }
        let before = await contender.flush()
        let (cpu, start) = (cpuMicroseconds(), ContinuousClock.now)
        let tally = await work(load, contender)
        let wall = (ContinuousClock.now - start).microseconds
        let spans = await contender.flush()
        let spent = cpuMicroseconds() - cpu
        print(line(load, tally, wall: wall, cpu: spent) + telemetry(before, spans) + "}")
    }

    /// Twenty per worker, but not the most of a run of few large ones.
    private static func warmUp(_ load: Load) -> Int {
        min(load.concurrency * 20, max(load.concurrency, load.count / 4))
    }

    private static func work(_ load: Load, _ contender: some Contender) async -> Tally {
        switch load.kind {
        case .get: await closedLoop(load, count: load.count) { try await contender.get(load.url) }
        case .post: await closedLoop(load, count: load.count) { try await contender.post(load.url) }
        case .flaky: await closedLoop(load, count: load.count) { try await contender.persistentGet(load.url) }
        case .fanout: await fanOuts(load, contender)
        case .gather: await contender.gather(load.urls(), atMost: load.concurrency)
        }
    }

    /// As many workers as may be under way; each sends its next request when its last one is done.
    private static func closedLoop(
        _ load: Load, count: Int, _ request: @escaping @Sendable () async throws -> Int
    ) async -> Tally {
        await withTaskGroup(of: Tally.self) { group in
            let workers = min(load.concurrency, count)
            for worker in 0..<workers {
                group.addTask {
                    var tally = Tally()
                    for _ in stride(from: worker, to: count, by: workers) {
                        let start = ContinuousClock.now
                        await tally.add(request)
                        tally.latencies.append((ContinuousClock.now - start).microseconds)
                    }
                    return tally
                }
            }
            return await group.reduce(Tally(), +)
        }
    }

    /// One after the other; a latency is that of all of them together.
    private static func fanOuts(_ load: Load, _ contender: some Contender) async -> Tally {
        var whole = Tally()
        for _ in 0..<max(1, load.count / load.concurrency) {
            let start = ContinuousClock.now
            let tally = await withTaskGroup(of: Tally.self) { group in
                for _ in 0..<load.concurrency {
                    group.addTask {
                        var one = Tally()
                        await one.add { try await contender.get(load.url) }
                        return one
                    }
                }
                return await group.reduce(Tally(), +)
            }
            whole = whole + tally
            whole.latencies.append((ContinuousClock.now - start).microseconds)
        }
        return whole
    }

    private static func line(_ load: Load, _ tally: Tally, wall: Double, cpu: Double) -> String {
        let sorted = tally.latencies.sorted()
        func quantile(_ part: Double) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
        }
        let figures: [(String, Double)] = [
            ("cpu_us", cpu / Double(load.count)), ("per_second", Double(load.count) * 1e6 / wall),
            ("p50_us", quantile(0.5)), ("p99_us", quantile(0.99)), ("p999_us", quantile(0.999)),
            ("peak_kb", Double(usage().ru_maxrss)), ("failed", Double(tally.failed)), ("bytes", Double(tally.bytes)),
        ]
        return "{" + figures.map { "\"\($0.0)\": \(($0.1 * 1000).rounded() / 1000)" }.joined(separator: ", ")
    }

    private static func telemetry(_ before: Spans?, _ after: Spans?) -> String {
        guard let before, let after else { return "" }
        return
            ", \"spans\": \(after.ended - before.ended), \"acknowledged\": \(after.acknowledged - before.acknowledged)"
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
