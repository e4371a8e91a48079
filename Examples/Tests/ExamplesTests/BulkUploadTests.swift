import FakeServices
import Testing

@testable import bulk_upload

@Suite(.timeLimit(.minutes(1))) struct BulkUploadTests {
    @Test func everyEmbeddingIsStoredOnceThoughAnswersAreLost() async throws {
        let store = try VectorStore()
        let summary = try await BulkUpload.upload(to: store)
        #expect(summary.uploaded == 5000 && summary.failed.isEmpty)
        #expect(store.storedIDs.count == 5000)
        #expect(store.storedIDs.allSatisfy { $0.value == 1 })
        // 25 batches; of every four the last was sent again.
        #expect(store.repeatedBatches == 6)
        #expect(store.requestCount == 31)
        #expect(store.quota.refused == 0)
    }

    @Test func aBatchThatIsRefusedIsNamed() async throws {
        let store = try VectorStore()
        let uploader = try Uploader(url: store.url, rate: VectorStore.requestsPerSecond)
        let summary = try await uploader.upload((0..<300).map { Embedding($0) }, batchSize: VectorStore.maxBatch + 1)
        #expect(summary.failed == Array(0..<201))
        #expect(store.storedIDs.keys.sorted() == Array(201..<300))
    }
}
