import Contrail

/// A text as a vector.
struct Embedding: Codable, Sendable {
    var id: Int
    var vector: [Float]

    init(_ id: Int) {
        self.id = id
        vector = (0..<16).map { Float(id % ($0 + 2)) }
    }
}

/// Loads any number of embeddings into a vector database, as fast as it allows.
struct Uploader: Sendable {
    /// What came of an upload.
    struct Summary: Sendable {
        var uploaded = 0
        /// The ids of what could not be uploaded.
        var failed: [Int] = []
    }

    private let client: HTTPClient
    private let url: String

    /// - Parameter rate: how many requests per second the database allows.
    init(url: String, rate: Int) throws {
        self.url = url
        var configuration = HTTPClient.Configuration()
        configuration.rateLimits = RateLimits(RateLimit(rate, per: .seconds(1), burst: rate / 4))
        client = try HTTPClient(configuration: configuration)
    }

    /// Uploads all of them; `report` hears of every batch. What does not fit into memory could be an async sequence as well:
    /// it is read as batches are sent.
    func upload(
        _ embeddings: [Embedding], batchSize: Int, report: (Summary) -> Void = { _ in }
    ) async throws -> Summary {
        var options = HTTPClient.GatherOptions.collect
        options.validStatus = 200..<300
        // The key makes a batch repeatable: whatever happens on the way, the database stores it once.
        let batches = client.sendBatches(of: embeddings, .items(batchSize), options, addsIdempotencyKey: true) {
            [url] embeddings in try .post(url, json: embeddings)
        }
        var summary = Summary()
        for try await batch in batches {
            if batch.response != nil {
                summary.uploaded += batch.input.items.count
            } else {
                summary.failed += batch.input.items.map(\.id)
            }
            report(summary)
        }
        return summary
    }
}
