import Contrail
import ContrailTesting

/// What one call against a fault came to.
struct FaultRun: Sendable {
    var ending: FaultCase.Ending
    var elapsed: Duration
    var spans: [FakeCollector.ReceivedSpan]
    var record: FaultServer.Record
    /// Whether the client, which has a single permit, could still be used.
    var isClientUsable: Bool

    var sends: [FakeCollector.ReceivedSpan] {
        spans.filter(\.isClient).sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
    }
    var calls: [FakeCollector.ReceivedSpan] { spans.filter { $0.span.kind == .internal } }

    /// What the client's side says.
    private struct Outcome: Sendable {
        var ending: FaultCase.Ending
        var elapsed: Duration
        var isClientUsable: Bool
    }

    /// Runs a case: a server that misbehaves, the real client, telemetry to a collector; everything ended and flushed.
    static func of(_ fault: FaultCase) async throws -> FaultRun {
        let server = try FaultServer.start(fault.plan)
        defer { server.stop() }
        let collector = try await FakeCollector.start()
        let outcome: Outcome
        do {
            outcome = try await traced(fault, server, collector)
        } catch {
            await collector.stop()
            throw error
        }
        await collector.stop()
        return FaultRun(
            ending: outcome.ending, elapsed: outcome.elapsed, spans: collector.spans, record: server.record,
            isClientUsable: outcome.isClientUsable)
    }

    private static func traced(
        _ fault: FaultCase, _ server: FaultServer, _ collector: FakeCollector
    ) async throws -> Outcome {
        var telemetry = Telemetry.Configuration(environment: [:])
        telemetry.endpoint = collector.endpoint
        telemetry.report = { _ in }
        telemetry.shutdownTimeout = .seconds(30)
        let url = fault.url ?? (fault.isTLS ? server.tlsURL("/fault") : server.url("/fault"))
        return try await Telemetry.scoped(service: "faults", configuration: telemetry) { _ in
            try await HTTPClient.withClient(configuration: configuration(fault)) { client in
                let (ending, elapsed) = await call(fault, url, client)
                return Outcome(ending: ending, elapsed: elapsed, isClientUsable: await isUsable(client))
            }
        }
    }

    /// What a test's own process measured; nobody sees its output otherwise.
    static func printFigures(_ output: [UInt8]?) {
        for line in String(decoding: output ?? [], as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("figure: ") {
            print(line.dropFirst("figure: ".count))
        }
    }

    private static func configuration(_ fault: FaultCase) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.retry = .never
        configuration.limits.maxTotal = 1
        fault.configure(&configuration)
        return configuration
    }

    private static func call(
        _ fault: FaultCase, _ url: String, _ client: HTTPClient
    ) async -> (FaultCase.Ending, Duration) {
        if fault.requests == 2 { _ = try? await client.get(url) }
        let start = ContinuousClock.now
        let ending: FaultCase.Ending
        do {
            ending = .response(try await status(fault, url, client))
        } catch {
            ending = .failure((error as? ClientError)?.code.description ?? "\(error)")
        }
        return (ending, ContinuousClock.now - start)
    }

    private static func status(_ fault: FaultCase, _ url: String, _ client: HTTPClient) async throws -> Int {
        if fault.isUploadPaused {
            let (chunks, source) = AsyncStream.makeStream(of: ByteChunk.self, bufferingPolicy: .bufferingOldest(1))
            source.yield(ByteChunk("first".utf8))
            defer { source.finish() }
            return try await client.post(url, body: .stream(chunks, length: nil)).status.code
        }
        if let text = fault.uploads { return try await client.post(url, body: .text(text)).status.code }
        guard fault.isStreamed else { return try await client.get(url).status.code }
        let response = try await client.stream(.get(url))
        for try await _ in response.body {}
        return response.status.code
    }

    /// Another call of the same client, untraced so that the spans are those of the fault alone.
    private static func isUsable(_ client: HTTPClient) async -> Bool {
        guard let healthy = try? FaultServer.start() else { return false }
        defer { healthy.stop() }
        var request = HTTPClient.Request.get(healthy.url("/after"))
        request.timeout = .seconds(10)
        return (try? await client.execute(request).status.code) == 200
    }
}
