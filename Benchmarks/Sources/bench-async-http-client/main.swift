// async-http-client. Option: untraced | traced (its own tracing, one span per call, on Contrail's tracer and exported the
// same way). BENCH_CA: whom to trust.
import AsyncHTTPClient
import BenchKit
import Contrail
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

struct AsyncHTTPClientUser: Contender {
    let client: AsyncHTTPClient.HTTPClient
    var runtime: Telemetry.Runtime?

    func get(_ url: String) async throws -> Int { try await send(HTTPClientRequest(url: url)).readableBytes }

    func post(_ url: String) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(Load.Item.sample)))
        let body = try await send(request)
        _ = try JSONDecoder().decode(Load.Item.self, from: Data(body.readableBytesView))
        return body.readableBytes
    }

    private func send(_ request: HTTPClientRequest) async throws -> ByteBuffer {
        let response = try await client.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 64 << 20)
        guard response.status == .ok else { throw Refused(status: Int(response.status.code)) }
        return body
    }

    func flush() async -> Spans? {
        guard let runtime else { return nil }
        _ = await runtime.flush(timeout: .seconds(60))
        return Spans(ended: runtime.counts.ended, acknowledged: runtime.counts.acknowledged)
    }
}

guard let load = Load() else {
    print("bench-async-http-client get|post|fanout|gather|flaky URL COUNT CONCURRENCY untraced|traced")
    exit(64)
}
// Before the configuration is made: it looks for the tracer at once.
let runtime = load.options.first == "traced" ? try Telemetry.bootstrap(service: "bench") : nil
var configuration = AsyncHTTPClient.HTTPClient.Configuration.singletonConfiguration
configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = load.concurrency
configuration.tracing.tracer = runtime?.tracer
if let authority = ProcessInfo.processInfo.environment["BENCH_CA"] {
    configuration.tlsConfiguration = .makeClientConfiguration()
    configuration.tlsConfiguration?.trustRoots = .file(authority)
}
let client = AsyncHTTPClient.HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
await Measurement.run(load, AsyncHTTPClientUser(client: client, runtime: runtime))
try await client.shutdown()
await runtime?.shutdown()
