import Foundation

/// 5,000 embeddings in batches of 200, at the database's pace. Every fourth batch arrives, but the answer is lost.
@main struct BulkUpload {
    static let embeddings = (0..<5000).map { Embedding($0) }

    static func main() async throws {
        let store = try VectorStore()
        let start = ContinuousClock.now
        let summary = try await upload(to: store) { summary in
            if summary.uploaded % 1000 == 0 { print("\(summary.uploaded) uploaded") }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(String(format: "%d embeddings in %d requests and %.1f s", summary.uploaded, store.requestCount, seconds))
        print(
            "\(store.repeatedBatches) batches were sent again; stored twice: \(store.storedIDs.count { $0.value > 1 })")
        exit(store.storedIDs.count == 5000 && store.storedIDs.allSatisfy { $0.value == 1 } ? 0 : 1)
    }

    static func upload(
        to store: VectorStore, report: (Uploader.Summary) -> Void = { _ in }
    ) async throws -> Uploader.Summary {
        try await Uploader(url: store.url, rate: VectorStore.requestsPerSecond)
            .upload(embeddings, batchSize: VectorStore.maxBatch, report: report)
    }
}
