// Contrail. Option: untraced | traced (every call and send a span, exported to OTEL_EXPORTER_OTLP_ENDPOINT).
import BenchKit
import Contrail
import Foundation

struct Contender: Sendable {
    let load: Load
    let client: HTTPClient

    func request() async throws -> Int {
        switch load.kind {
        case .get:
            let response = try await client.get(load.url)
            guard response.status == .ok else { throw Refused() }
            return response.body.count
        case .post:
            let response = try await client.execute(.post(load.url, json: Load.Item.sample))
            guard response.status == .ok else { throw Refused() }
            _ = try response.json(Load.Item.self)
            return response.body.count
        }
    }

    func run() async throws {
        guard load.options.first == "traced" else {
            return await Measurement.run(load) { try await request() }
        }
        try await Telemetry.scoped(service: "bench") { runtime in
            await Measurement.run(
                load,
                finish: {
                    await runtime.flush(timeout: .seconds(60))
                    let counts = runtime.counts
                    return "ended \(counts.ended) acknowledged \(counts.acknowledged)"
                }
            ) { try await request() }
        }
    }
}

guard let load = Load() else {
    print("bench-contrail get|post URL COUNT CONCURRENCY untraced|traced")
    exit(64)
}
var configuration = HTTPClient.Configuration()
configuration.limits.maxPerOrigin = load.concurrency
configuration.limits.maxTotal = max(configuration.limits.maxTotal, load.concurrency)
configuration.connections.maxConnections = max(configuration.connections.maxConnections, load.concurrency + 16)
try await HTTPClient.withClient(configuration: configuration) { client in
    try await Contender(load: load, client: client).run()
}
