// URLSession of swift-corelibs-foundation.
import BenchKit
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

struct Contender: Sendable {
    let load: Load
    let url: URL
    let session: URLSession

    func request() async throws -> Int {
        var request = URLRequest(url: url)
        if load.kind == .post {
            request.httpMethod = "POST"
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = try JSONEncoder().encode(Load.Item.sample)
        }
        let (data, response) = try await session.data(for: request)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else { throw Refused() }
        if load.kind == .post { _ = try JSONDecoder().decode(Load.Item.self, from: data) }
        return data.count
    }
}

guard let load = Load(), let url = URL(string: load.url) else {
    print("bench-urlsession get|post URL COUNT CONCURRENCY")
    exit(64)
}
let configuration = URLSessionConfiguration.ephemeral
configuration.httpMaximumConnectionsPerHost = load.concurrency
configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
configuration.urlCache = nil
let contender = Contender(load: load, url: url, session: URLSession(configuration: configuration))
await Measurement.run(load) { try await contender.request() }
