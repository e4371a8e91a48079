#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a small piece of work costs.
public enum Stopwatch {
    /// CPU nanoseconds of the whole process so far: work that moved to another thread counts.
    public static var cpuNanoseconds: Double {
        var time = timespec()
        // SAFETY: the clock is written into this function's own variable.
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// CPU nanoseconds per unit: the median of `samples` runs of `work`, which returns how many units it did. One run
    /// before them does not count.
    public static func perUnit(samples: Int = 5, _ work: () -> Int) -> Double {
        _ = work()
        let results = (0..<samples).map { _ in
            let start = cpuNanoseconds
            let units = work()
            return (cpuNanoseconds - start) / Double(max(units, 1))
        }
        return results.sorted()[samples / 2]
    }

    /// As above, for work that suspends.
    public static func perUnit(samples: Int = 5, _ work: () async -> Int) async -> Double {
        _ = await work()
        var results: [Double] = []
        for _ in 0..<samples {
            let start = cpuNanoseconds
            let units = await work()
            results.append((cpuNanoseconds - start) / Double(max(units, 1)))
        }
        return results.sorted()[samples / 2]
    }
}

/// Keeps the optimiser from leaving out what nobody looks at.
@inline(never)
public func keep<Value>(_ value: borrowing Value) {}
