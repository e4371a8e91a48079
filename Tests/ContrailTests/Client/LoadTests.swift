import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing

/// Many requests through one client against a real server.
@Suite(
    // AddressSanitizer slows the collector so much beside the other tests that the queue rightly overflows.
    .enabled(if: Nginx.isInstalled && !ProcessCount.isAddressSanitized, "nginx is needed, and no AddressSanitizer"),
    .timeLimit(.minutes(5))) struct LoadTests
{
    /// In a process of its own, where nothing else opens descriptors or threads.
    @Test func tenThousandRequestsLeaveNothingBehindAndLoseNoSpan() async {
        await #expect(processExitsWith: .success) {
            try await withNginx { nginx in
                let url = "http://127.0.0.1:\(nginx.port)/"
                try await withFakeCollector { collector in
                    // Once before counting: the runtime and libcurl keep some descriptors for ever.
                    try await run(1, url, collector)
                    let before = ProcessCount.now()
                    try await run(10_000, url, collector)
                    #expect(ProcessCount.now().loopThreads == before.loopThreads)
                    #expect(ProcessCount.now().descriptors.count <= before.descriptors.count)
                }
            }
        }
    }
}

private func run(_ count: Int, _ url: String, _ collector: FakeCollector) async throws {
    collector.reset()
    var configuration = Telemetry.Configuration(environment: [:])
    configuration.endpoint = collector.endpoint
    let counts = try await Telemetry.scoped(service: "load", configuration: configuration) { telemetry in
        var configuration = HTTPClient.Configuration()
        configuration.limits.maxPerOrigin = 100
        configuration.timeout = .seconds(240)
        configuration.attemptTimeout = .seconds(240)
        return try await HTTPClient.withClient(configuration: configuration) { client in
            let results = await client.fetchAll(Array(repeating: .get(url), count: count))
            #expect(results.successes.count { $0.status == .ok } == count, "\(results.failures.prefix(3))")
            await telemetry.flush(timeout: .seconds(60))
            return telemetry.counts
        }
    }
    #expect(counts.ended == count * 2)
    #expect(counts.acknowledged == count * 2)
    #expect(counts.lost == 0)
    #expect(collector.spans.count == count * 2)
    #expect(Set(collector.spans.map(\.span.context.spanID)).count == count * 2)
}
