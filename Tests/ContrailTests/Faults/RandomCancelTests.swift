import Contrail
import ContrailTestSupport
import ContrailTesting
import Glibc
import Testing

/// Calls are cancelled at moments that chance picks, in all states at once.
@Suite(.timeLimit(.minutes(5))) struct RandomCancelTests {
    /// 1,000 in the everyday run, 10,000 in `scripts/test --full`.
    private static var count: Int { unsafe getenv("CONTRAIL_TEST_FULL") == nil ? 1_000 : 10_000 }

    /// In a process of its own, where nothing else opens descriptors or threads.
    @Test func cancelsAtRandomLeaveNothingBehind() async {
        let process = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            _ = try await cancelAtRandom(50, seed: 1)
            let before = ProcessCount.now()
            let endings = try await cancelAtRandom(Self.count, seed: 2026)
            print("figure: random cancels:", endings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
            #expect(endings.values.reduce(0, +) == Self.count)
            #expect((endings["cancelled"] ?? 0) > Self.count / 4)
            #expect(await ProcessCount.settles(to: before))
        }
        FaultRun.printFigures(process?.standardOutputContent)
    }
}

/// The places where a call can be caught: each keeps it in a state of its own.
private struct Places: Sendable {
    let server: FaultServer
    let silentTLS: FaultServer
    let full: FaultServer
    let refusing: FaultServer
    let body = HTTPClient.Body.bytes([UInt8](repeating: 7, count: 4 << 20))

    init() throws {
        server = try FaultServer.start()
        silentTLS = try FaultServer.start(.neverRead)
        full = try FaultServer.start(.neverAccept)
        refusing = try FaultServer.start(.refuse)
        server.on("/silence", .acceptAndSilence)
        server.on("/upload", .stepsAfterHead(.readBody(atMost: 1000), .ignore))
        server.on("/head", .silenceAfterHead)
        server.on("/drip", .endlessDrip(interval: .milliseconds(1)))
        server.on("/large", .bytes(1 << 30))
    }

    func stop() { for server in [server, silentTLS, full, refusing] { server.stop() } }

    func visit(_ number: Int, _ client: HTTPClient) async throws {
        switch number % 10 {
        case 0: _ = try await client.get(server.url("/ok"))
        case 1: _ = try await client.get(server.url("/silence"))
        case 2: _ = try await client.put(server.url("/upload"), body: body)
        case 3: _ = try await client.get(server.url("/head"))
        case 4: for try await _ in try await client.stream(.get(server.url("/drip"))).body {}
        case 5:
            // Nobody takes the body: it pauses, and is dropped.
            let response = try await client.stream(.get(server.url("/large")))
            try await Task.sleep(for: .seconds(60))
            withExtendedLifetime(response) {}
        case 6: _ = try await client.get(silentTLS.tlsURL())
        case 7: _ = try await client.get(full.url())
        case 8: _ = try await client.get(refusing.url())
        default: _ = try await client.get("http://no-such-host.invalid/")
        }
    }
}

/// Makes `count` calls, cancels each after up to 8 ms, and counts how they ended.
private func cancelAtRandom(_ count: Int, seed: UInt64) async throws -> [String: Int] {
    let places = try Places()
    defer { places.stop() }
    return try await withFakeCollector { collector in
        var telemetry = Telemetry.Configuration(environment: [:])
        telemetry.endpoint = collector.endpoint
        telemetry.shutdownTimeout = .seconds(60)
        let (endings, counts) = try await Telemetry.scoped(service: "cancel", configuration: telemetry) { telemetry in
            var configuration = HTTPClient.Configuration()
            configuration.retry = .never
            configuration.limits.maxTotal = 32
            let endings = try await HTTPClient.withClient(configuration: configuration) { client in
                let endings = await race(count, seed: seed, client, places)
                try await expectPermits(32, client, places.server)
                return endings
            }
            await telemetry.flush(timeout: .seconds(60))
            return (endings, telemetry.counts)
        }
        #expect(counts.lost == 0)
        // A call span each, closed, and those of the permits.
        #expect(collector.spans.count { $0.span.kind == .internal } == count + 32)
        let sends = collector.spans.filter(\.isClient).map(\.id)
        #expect(Set(sends).count == sends.count)
        let seen = places.server.requests.compactMap(\.parentSpanID)
        #expect(Set(seen).count == places.server.record.requestCount && Set(sends).isSuperset(of: seen))
        return endings
    }
}

private func race(_ count: Int, seed: UInt64, _ client: HTTPClient, _ places: Places) async -> [String: Int] {
    let random = SeededRandom(seed: seed)
    var endings: [String: Int] = [:]
    await withTaskGroup(of: String.self) { group in
        for number in 0..<count {
            if number >= 64, let ending = await group.next() { endings[ending, default: 0] += 1 }
            let delay = Duration.microseconds(Int64(random.next() % 8000))
            group.addTask {
                let call = Task { try await places.visit(number, client) }
                try? await Task.sleep(for: delay, tolerance: .zero)
                call.cancel()
                return await ending(of: call)
            }
        }
        for await ending in group { endings[ending, default: 0] += 1 }
    }
    return endings
}

private func ending(of call: Task<Void, any Error>) async -> String {
    do {
        try await call.value
        return "ok"
    } catch is CancellationError {
        return "cancelled"
    } catch {
        return (error as? ClientError)?.code.description ?? "\(error)"
    }
}
