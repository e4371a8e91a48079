// URLSession of swift-corelibs-foundation. It cannot be told whom to trust.
import BenchKit
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

struct URLSessionUser: Contender {
    let session: URLSession

    func get(_ url: String) async throws -> Int {
        guard let url = URL(string: url) else { throw URLError(.badURL) }
        return try await send(URLRequest(url: url)).count
    }

    func post(_ url: String) async throws -> Int {
        guard let url = URL(string: url) else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder().encode(Load.Item.sample)
        let data = try await send(request)
        _ = try JSONDecoder().decode(Load.Item.self, from: data)
        return data.count
    }

    private func send(_ request: URLRequest) async throws -> Data {
        let (data, response) = try await session.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard status == 200 else { throw Refused(status: status) }
        return data
    }
}

guard let load = Load() else {
    print("bench-urlsession get|post|fanout|gather|flaky URL COUNT CONCURRENCY")
    exit(64)
}
let configuration = URLSessionConfiguration.ephemeral
// As for all others; it cannot be made to leave the field out.
configuration.httpAdditionalHeaders = ["Accept-Encoding": "identity"]
configuration.httpMaximumConnectionsPerHost = load.concurrency
configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
configuration.urlCache = nil
await Measurement.run(load, URLSessionUser(session: URLSession(configuration: configuration)))
