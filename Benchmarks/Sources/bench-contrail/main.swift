// Contrail. Option: untraced | traced (every call and send a span, exported to OTEL_EXPORTER_OTLP_ENDPOINT) | hedged
// (untraced, and what takes longer than nearly all answers is asked for a second time). BENCH_CA: whom to trust.
import BenchKit
import Contrail
import Foundation

struct Ours: Contender {
    let client: HTTPClient
    var runtime: Telemetry.Runtime?

    func get(_ url: String) async throws -> Int {
        let response = try await client.get(url)
        guard response.status == .ok else { throw Refused(status: response.status.code) }
        return response.body.count
    }

    func post(_ url: String) async throws -> Int {
        let response = try await client.execute(.post(url, json: Load.Item.sample))
        guard response.status == .ok else { throw Refused(status: response.status.code) }
        _ = try response.json(Load.Item.self)
        return response.body.count
    }

    /// The client repeats by itself.
    func persistentGet(_ url: String) async throws -> Int { try await get(url) }

    func gather(_ urls: some Sequence<String> & Sendable, atMost window: Int) async -> Tally {
        var (tally, options) = (Tally(), HTTPClient.GatherOptions.collect)
        options.window = window
        do {
            for try await item in client.fetchEach(urls.lazy.map { .get($0) }, options) {
                if let response = item.response, response.status == .ok {
                    tally.bytes += response.body.count
                } else {
                    tally.failed += 1
                }
            }
        } catch { tally.failed += 1 }
        return tally
    }

    func flush() async -> Spans? {
        guard let runtime else { return nil }
        _ = await runtime.flush(timeout: .seconds(60))
        return Spans(ended: runtime.counts.ended, acknowledged: runtime.counts.acknowledged)
    }
}

func configuration(_ load: Load) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration()
    configuration.decoding = .off
    configuration.limits.maxPerOrigin = load.concurrency + (load.options.first == "hedged" ? 8 : 0)
    configuration.limits.maxTotal = max(configuration.limits.maxTotal, load.concurrency + 8)
    configuration.connections.maxConnections = max(configuration.connections.maxConnections, load.concurrency + 16)
    configuration.connections.certificateAuthorityFile = ProcessInfo.processInfo.environment["BENCH_CA"]
    if load.options.first == "hedged" {
        var hedging = HedgingPolicy.after(.milliseconds(20))
        hedging.budget.minPerSecond = 100
        configuration.hedging = hedging
    }
    if load.kind == .flaky {
        configuration.retry.maxAttempts = Patience.attempts
        configuration.retry.backOff.transientBase = Patience.base
        configuration.retry.backOff.throttledBase = Patience.base
        configuration.retry.backOff.cap = Patience.cap
        configuration.retryBudget = nil
    }
    return configuration
}

guard let load = Load() else {
    print("bench-contrail get|post|fanout|gather|flaky URL COUNT CONCURRENCY untraced|traced|hedged")
    exit(64)
}
try await HTTPClient.withClient(configuration: configuration(load)) { client in
    guard load.options.first == "traced" else { return await Measurement.run(load, Ours(client: client)) }
    try await Telemetry.scoped(service: "bench") { runtime in
        await Measurement.run(load, Ours(client: client, runtime: runtime))
    }
}
