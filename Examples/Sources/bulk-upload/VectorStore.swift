import Contrail
import ContrailTesting
import FakeServices
import Foundation
import Synchronization

/// A stand-in for a vector database that takes at most 200 embeddings at a time and twenty requests per second. Now and
/// then it stores a batch, and the connection breaks before it can say so; it knows Idempotency-Key.
final class VectorStore: Sendable {
    static let maxBatch = 200
    static let requestsPerSecond = 20
    private static let keyField = HTTPField.Name("Idempotency-Key")

    private struct Stored {
        /// How often each id was stored.
        var ids: [Int: Int] = [:]
        var keys: Set<String> = []
        var repeatedBatches = 0
    }

    let quota = Quota(perSecond: requestsPerSecond)
    private let stored = Mutex(Stored())
    private let server: FaultServer

    init() throws {
        server = try FaultServer.start()
        server.on("/v1/embeddings", .custom { [weak self] in self?.serve($0) })
    }

    var url: String { server.url("/v1/embeddings") }
    var requestCount: Int { server.record.requestCount }
    /// How often each id was stored.
    var storedIDs: [Int: Int] { stored.withLock { $0.ids } }
    /// Batches that came again, and were not stored again.
    var repeatedBatches: Int { stored.withLock { $0.repeatedBatches } }

    private func serve(_ exchange: FaultServer.Exchange) {
        if let wait = quota.take(1) { return exchange.refuse(for: wait) }
        guard let batch = try? JSONDecoder().decode([Embedding].self, from: Data(exchange.request.body)) else {
            return exchange.respond(400)
        }
        guard batch.count <= Self.maxBatch else { return exchange.respond(413) }
        let isNew = store(batch, key: Self.keyField.flatMap { exchange.request.headers[$0] })
        // Every fourth batch: stored, but the client cannot know.
        if isNew, (batch.first?.id ?? 0) / Self.maxBatch % 4 == 3 { return exchange.reset() }
        exchange.respond(201)
    }

    private func store(_ batch: [Embedding], key: String?) -> Bool {
        stored.withLock { stored in
            if let key, !stored.keys.insert(key).inserted {
                stored.repeatedBatches += 1
                return false
            }
            for embedding in batch { stored.ids[embedding.id, default: 0] += 1 }
            return true
        }
    }
}
