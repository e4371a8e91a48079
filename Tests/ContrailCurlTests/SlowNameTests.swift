import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

/// A name look-up that hangs is a thread of libcurl's; nothing else may wait for it.
///
/// The look-up is the C library's. In a process of its own it is replaced.
@Suite(.enabled(if: !ProcessCount.isAddressSanitized, "a preloaded library and AddressSanitizer do not go together"))
struct SlowNameTests {
    @Test(.enabled(if: !SlowNames.areReplaced), .timeLimit(.minutes(2)))
    func aHangingLookUpHoldsNobodyUp() async throws {
        let result = try await SlowNames.run(filter: "SlowNameTests/othersGoOn")
        let figures = result.output.split(separator: "\n").filter { $0.hasPrefix("figure:") }
        for figure in figures { print(figure) }
        #expect(result.status == 0 && result.signal == nil, "\(result.output.suffix(2000))")
        #expect(figures.count == 1)
    }

    @Test(.enabled(if: SlowNames.areReplaced), .timeLimit(.minutes(1)))
    func othersGoOn() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let clock = SystemTime()
            func slow(_ name: String) -> WireRequest { WireRequest(method: .get, url: .local(80, host: name)) }
            let begin = clock.now
            let hanging = Task { await transport.failure(of: slow("slow1.test")) }
            let given = Task { await transport.failure(of: slow("slow2.test")) }
            var impatient = slow("slow3.test")
            impatient.connectTimeout = .milliseconds(200)
            let timedOut = await transport.failure(of: impatient)
            #expect(timedOut?.kind == .connectTimeout && timedOut?.phase == .dns)
            given.cancel()
            let cancelled = await given.value
            #expect(cancelled?.kind == .cancelled && cancelled?.phase == .dns)
            #expect(clock.now - begin < .seconds(2))
            var times: [Duration] = []
            for _ in 0..<500 {
                let sent = clock.now
                _ = try await transport.fetch(.get(server.port))
                times.append(clock.now - sent)
            }
            let others = clock.now - begin
            let p99 = times.sorted()[times.count * 99 / 100]
            print("figure: beside a look-up of 3 s, 500 requests took \(others), p99 \(p99)")
            #expect(others < .seconds(3))
            #expect(p99 < .milliseconds(250))
            let end = try #require(await hanging.value)
            #expect(end.kind == .nameResolution && end.phase == .dns)
            #expect(try #require(end.summary.ended) >= begin + .milliseconds(2900))
        }
    }
}
