// async-http-client. Option: untraced | traced (its own tracing on Contrail's tracer, exported the same way).
import AsyncHTTPClient
import BenchKit
import Contrail
import Foundation
import NIOCore
import NIOHTTP1

struct Contender: Sendable {
    let load: Load
    let client: AsyncHTTPClient.HTTPClient

    func request() async throws -> Int {
        var request = HTTPClientRequest(url: load.url)
        if load.kind == .post {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(Load.Item.sample)))
        }
        let response = try await client.execute(request, timeout: .seconds(30))
        guard response.status == .ok else { throw Refused() }
        let body = try await response.body.collect(upTo: 64 << 20)
        if load.kind == .post { _ = try JSONDecoder().decode(Load.Item.self, from: Data(body.readableBytesView)) }
        return body.readableBytes
    }

    func run() async throws {
        guard load.options.first == "traced" else {
            return await Measurement.run(load) { try await request() }
        }
        let runtime = try Telemetry.bootstrap(service: "bench")
        await Measurement.run(
            load,
            finish: {
                await runtime.flush(timeout: .seconds(60))
                let counts = runtime.counts
                return "ended \(counts.ended) acknowledged \(counts.acknowledged)"
            }
        ) { try await request() }
        await runtime.shutdown()
    }
}

guard let load = Load() else {
    print("bench-async-http-client get|post URL COUNT CONCURRENCY untraced|traced")
    exit(64)
}
var configuration = AsyncHTTPClient.HTTPClient.Configuration.singletonConfiguration
configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = load.concurrency
let client = AsyncHTTPClient.HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
try await Contender(load: load, client: client).run()
try await client.shutdown()
