import Contrail
import ContrailTesting

/// What one call against a fault came to.
struct FaultRun: Sendable {
    /// How the call is made.
    enum Manner: Sendable, Hashable {
        /// As the case says, and never again.
        case once
        /// As a POST by the standard policy, which must not, or may, be sent again for this reason.
        case post(Mark)
    }

    /// Why a POST is repeatable.
    enum Mark: String, Sendable, CaseIterable {
        /// It is not.
        case none
        /// The caller says so.
        case told
        /// By its Idempotency-Key.
        case key
    }

    var ending: FaultCase.Ending
    var elapsed: Duration
    var spans: [FakeCollector.ReceivedSpan]
    var record: FaultServer.Record
    /// Everything that any server received.
    var requests: [FaultServer.ReceivedRequest]
    /// Whether the client, which has a single permit, could still be used.
    var isClientUsable: Bool

    /// The sends of the fault's call, and before them that of the call that opened a stale connection; without the one of
    /// the call after it.
    var sends: [FakeCollector.ReceivedSpan] { allSends.dropLast() }
    var allSends: [FakeCollector.ReceivedSpan] {
        spans.filter(\.isClient).sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
    }
    var calls: [FakeCollector.ReceivedSpan] { spans.filter { $0.span.kind == .internal } }

    /// What the client's side says.
    private struct Outcome: Sendable {
        var ending: FaultCase.Ending
        var elapsed: Duration
        var isClientUsable: Bool
        var requestsAfter: [FaultServer.ReceivedRequest]
    }

    /// Runs a case: a server that misbehaves, the real client, telemetry to a collector; everything ended and flushed.
    static func of(_ fault: FaultCase, _ manner: Manner = .once) async throws -> FaultRun {
        let server = try FaultServer.start(fault.plan)
        defer { server.stop() }
        let collector = try await FakeCollector.start()
        let outcome: Outcome
        do {
            outcome = try await traced(fault, manner, server, collector)
        } catch {
            await collector.stop()
            throw error
        }
        await collector.stop()
        return FaultRun(
            ending: outcome.ending, elapsed: outcome.elapsed, spans: collector.spans, record: server.record,
            requests: server.requests + outcome.requestsAfter, isClientUsable: outcome.isClientUsable)
    }

    private static func traced(
        _ fault: FaultCase, _ manner: Manner, _ server: FaultServer, _ collector: FakeCollector
    ) async throws -> Outcome {
        var telemetry = Telemetry.Configuration(environment: [:])
        telemetry.endpoint = collector.endpoint
        telemetry.report = { _ in }
        telemetry.shutdownTimeout = .seconds(30)
        let url = fault.url ?? (fault.isTLS ? server.tlsURL("/fault") : server.url("/fault"))
        return try await Telemetry.scoped(service: "faults", configuration: telemetry) { _ in
            try await HTTPClient.withClient(configuration: configuration(fault, manner)) { client in
                let (ending, elapsed) = await call(fault, manner, url, client)
                let after = try await requestsAfter(client)
                return Outcome(
                    ending: ending, elapsed: elapsed, isClientUsable: after.isAnswered, requestsAfter: after.requests)
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

    private static func configuration(_ fault: FaultCase, _ manner: Manner) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.retry = .never
        configuration.limits.maxTotal = 1
        fault.configure(&configuration)
        guard case .post = manner else { return configuration }
        configuration.retry = HTTPClient.Configuration.quick.retry
        // The call must have time for more than one send: then it is not the deadline that keeps it from sending again.
        if configuration.timeout == FaultCase.limit {
            configuration.timeout = .seconds(60)
            configuration.attemptTimeout = FaultCase.limit
        }
        return configuration
    }

    private static func call(
        _ fault: FaultCase, _ manner: Manner, _ url: String, _ client: HTTPClient
    ) async -> (FaultCase.Ending, Duration) {
        if fault.requests == 2 { _ = try? await client.get(url) }
        let start = ContinuousClock.now
        let ending: FaultCase.Ending
        do {
            ending = .response(try await status(fault, request(fault, manner, url), client))
        } catch {
            ending = .failure((error as? ClientError)?.code.description ?? "\(error)")
        }
        return (ending, ContinuousClock.now - start)
    }

    private static func request(_ fault: FaultCase, _ manner: Manner, _ url: String) -> HTTPClient.Request {
        var request = HTTPClient.Request.get(url)
        request.body = body(fault)
        if case .post = manner, request.body == nil { request.body = .text("pay") }
        if request.body != nil { request.method = .post }
        switch manner {
        case .once, .post(.none): return request
        case .post(.told):
            request.isIdempotent = true
            return request
        case .post(.key): return request.withIdempotencyKey()
        }
    }

    /// All of them can be sent again.
    private static func body(_ fault: FaultCase) -> HTTPClient.Body? {
        guard fault.isUploadPaused else { return fault.uploads.map { .text($0) } }
        return .factory {
            let (chunks, source) = AsyncStream.makeStream(of: ByteChunk.self, bufferingPolicy: .bufferingOldest(1))
            source.yield(ByteChunk("first".utf8))
            return chunks
        }
    }

    private static func status(
        _ fault: FaultCase, _ request: HTTPClient.Request, _ client: HTTPClient
    ) async throws -> Int {
        guard fault.isStreamed else { return try await client.execute(request).status.code }
        let response = try await client.stream(request)
        for try await _ in response.body {}
        return response.status.code
    }

    /// Another call of the same client, whose only permit must be free again, to a server that is well.
    private static func requestsAfter(
        _ client: HTTPClient
    ) async throws -> (isAnswered: Bool, requests: [FaultServer.ReceivedRequest]) {
        try await withFaultServer { healthy in
            var request = HTTPClient.Request.get(healthy.url("/after"))
            request.timeout = .seconds(10)
            let isAnswered = (try? await client.execute(request).status.code) == 200
            return (isAnswered, healthy.requests)
        }
    }
}

extension FaultRun {
    /// What breaks rule 1 of the design: every `traceparent` that a server received is the id of exactly one CLIENT span,
    /// none came twice, and a CLIENT span that no server saw says why.
    var untruths: [String] {
        let received = requests.map { $0.parentSpanID ?? "a request without traceparent" }
        let told = Set(allSends.map(\.id))
        var untruths = received.filter { !told.contains($0) }.map { "no CLIENT span: \($0)" }
        if Set(received).count != received.count { untruths.append("received twice: \(received)") }
        if told.count != allSends.count { untruths.append("two CLIENT spans with one id") }
        let seen = Set(received)
        untruths += allSends.filter { !seen.contains($0.id) && $0.string("error.type") == nil }
            .map { "neither received nor failed: \($0.id)" }
        return untruths
    }
}
