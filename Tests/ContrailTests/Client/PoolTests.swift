import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing

@Suite("The client's pool", .timeLimit(.minutes(1)))
struct ClientPoolTests {
    @Test func warmingUpOpensConnectionsByRequestsThatSpansTellOf() async throws {
        try await withTracedServer({ $0.respond("") }) { server, base in
            try await HTTPClient.withClient { client in
                let opened = await client.warmUp([base + "/health"], connections: 3)
                let afterWarmUp = client.poolStatistics
                let next = try await client.get(base + "/work")
                return (opened, afterWarmUp, next.attempts.last?.summary.connectionReused)
            }
        } check: { result, spans, server in
            let (opened, statistics, isReused) = result
            #expect(opened == 3)
            #expect(statistics.opened == 3 && statistics.sends == 3 && statistics.queued == 0)
            #expect(isReused == true)
            #expect(server.connectionCount == 3)
            #expect(server.heads.filter { $0.hasPrefix("HEAD /health ") }.count == 3)
            #expect(Set(server.receivedSpanIDs) == Set(spans.filter(\.isClient).map(\.id)))
        }
    }

    @Test func aServerThatIsNotThereIsNotWarmedUp() async throws {
        let server = try RawServer { $0.respond() }
        server.stop()
        try await HTTPClient.withClient { client in
            #expect(await client.warmUp(["http://127.0.0.1:\(server.port)/", "no url"]) == 0)
            #expect(client.poolStatistics.sends == 0)
        }
    }

    @Test func callsThatWaitForAPermitAreCounted() async throws {
        let transport = ScriptedTransport(.silence)
        var configuration = HTTPClient.Configuration()
        configuration.limits.maxPerOrigin = 1
        let client = try HTTPClient(configuration: configuration, transport: transport)
        let calls = (0..<3).map { _ in Task { try await client.get("http://a.test") } }
        while client.poolStatistics.queued < 2 {
            try Task.checkCancellation()
            await Task.yield()
        }
        for call in calls { call.cancel() }
        for call in calls { _ = await call.result }
        #expect(client.poolStatistics.queued == 0)
    }

    @Test(arguments: [
        "maxIdleTime", "maxLifetime", "maxHeaderBytes", "maxHeaderFields", "maxRatio", "timeToHeadTimeout",
    ])
    func settingsThatMakeNoSenseAreRefused(name: String) {
        var configuration = HTTPClient.Configuration()
        switch name {
        case "maxIdleTime": configuration.connections.maxIdleTime = .milliseconds(999)
        case "maxLifetime": configuration.connections.maxLifetime = .zero
        case "maxHeaderBytes": configuration.connections.maxHeaderBytes = 256 * 1024 + 1
        case "maxHeaderFields": configuration.connections.maxHeaderFields = 0
        case "maxRatio": configuration.decoding.maxRatio = 0
        default: configuration.timeToHeadTimeout = .zero
        }
        let error = #expect(throws: ConfigurationError.self) { try HTTPClient(configuration: configuration) }
        #expect(error?.description.contains(name) == true)
    }
}
