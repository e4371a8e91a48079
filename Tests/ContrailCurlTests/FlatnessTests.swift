import ContrailTestSupport
import Testing

/// Too long for every change: `scripts/test --long`.
@Suite(
    "Flat over many requests", .enabled(if: TestEnvironment.isLong && Nginx.isInstalled, "set CONTRAIL_TEST_LONG"),
    .disabled(if: ProcessCount.isAddressSanitized), .timeLimit(.minutes(10)))
struct FlatnessTests {
    private struct Line {
        let requests, descriptors, loopThreads, threads, heap: Int

        init?(_ text: Substring) {
            let numbers = text.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 5 else { return nil }
            (requests, descriptors, loopThreads) = (numbers[0], numbers[1], numbers[2])
            (threads, heap) = (numbers[3], numbers[4])
        }
    }

    @Test func twoHundredThousandRequestsLeaveNothingBehind() async throws {
        let lines = try await withNginx { nginx in
            let result = try await ProgramRun("FlatProgram", ["\(nginx.port)"], environment: [:]).result()
            #expect(result.status == 0 && result.signal == nil, "\(result.errors)")
            return result.output.split(separator: "\n").compactMap(Line.init)
        }
        for line in lines {
            let moment =
                line.requests == -2 ? "before" : line.requests == -1 ? "after shutdown" : "\(line.requests) requests"
            print(
                "flat: \(moment): \(line.descriptors) descriptors, \(line.loopThreads) loop threads,",
                "\(line.threads) threads, \(line.heap) bytes of heap")
        }
        try #require(lines.count == 7)
        let (before, first, last, after) = (lines[0], lines[1], lines[5], lines[6])
        // 64 connections stay open, and the poller has two to four descriptors.
        for line in lines { #expect(line.descriptors <= before.descriptors + 68 && line.loopThreads <= 1) }
        #expect(after.descriptors == before.descriptors && after.loopThreads == 0)
        #expect(last.threads <= first.threads + 2)
        // A byte per request: whatever is lost with each is far more.
        #expect(last.heap - first.heap < 200_000)
    }
}
