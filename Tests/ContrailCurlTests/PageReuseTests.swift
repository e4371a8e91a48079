import ContrailCore
import ContrailTestSupport
import ContrailTesting
import Glibc
import HTTPTypes
import Testing

@testable import ContrailCurl

/// In a process of its own, since it counts what the whole process does.
@Suite(.disabled(if: ProcessCount.isAddressSanitized, "its malloc keeps nothing"), .timeLimit(.minutes(1)))
struct PageReuseTests {
    /// 100 kB are 25 pages: given back by every body and fetched again for the next, they cost more than the transfer.
    @Test func aBodyIsCollectedInMemoryThatTheLastOneLeft() async {
        await #expect(processExitsWith: .success) {
            let server = try FaultServer.start(.ok(String(repeating: "x", count: 100_000)))
            let transport = CurlTransport()
            func send() async throws {
                let response = try await transport.send(
                    WireRequest(method: .get, url: .local(server.port)), mode: CurlTransport.largeLimit)
                #expect(response.statusCode == 200)
            }
            for _ in 0..<50 { try await send() }
            let before = Self.pageFaults()
            for _ in 0..<200 { try await send() }
            #expect(Self.pageFaults() - before < 200 * 10)
            await transport.shutdown()
            server.stop()
        }
    }

    private static func pageFaults() -> Int {
        var usage = rusage()
        // SAFETY: getrusage only writes into `usage`, which outlives the call.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_minflt
    }
}
