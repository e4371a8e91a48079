import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct BatchPackerTests {
    private func packs(_ items: [Int], _ size: HTTPCall.BatchSize<Int>) -> [[Int]] {
        var packer = BatchPacker(size: size)
        var packs = items.compactMap { packer.add($0)?.items }
        if let rest = packer.flush()?.items { packs.append(rest) }
        return packs
    }

    @Test func countsItems() {
        #expect(packs([1, 2, 3, 4, 5], .items(2)) == [[1, 2], [3, 4], [5]])
        #expect(packs([1, 2], .items(0)) == [[1], [2]])
        #expect(packs([], .items(2)).isEmpty)
    }

    @Test func countsBytes() {
        #expect(packs([4, 4, 4, 1, 1], .items(9, maxBytes: 8) { $0 }) == [[4, 4], [4, 1, 1]])
    }

    @Test func anItemThatIsTooLargeGoesAlone() {
        #expect(packs([1, 99, 1, 1], .items(9, maxBytes: 8) { $0 }) == [[1], [99], [1, 1]])
        #expect(packs([.max, .max], .items(9, maxBytes: .max) { $0 }) == [[.max], [.max]])
        #expect(packs([1, 1], .items(9, maxBytes: -1) { $0 }) == [[1], [1]])
        #expect(packs([1, 1], .items(9, maxBytes: 8) { _ in -5 }) == [[1, 1]])
    }

    /// Nothing is lost, doubled or moved; no batch is above its limits, and none could have taken its successor's first.
    @Test(arguments: 0..<20) func packsAllInOrderWithinTheLimits(block: Int) {
        for seed in 0..<10 {
            let random = SeededRandom(seed: UInt64(block * 10 + seed))
            let items = (0..<Int(random.next() % 60)).map { _ in Int(random.next() % 12) }
            let (maxItems, maxBytes) = (1 + Int(random.next() % 6), 1 + Int(random.next() % 20))
            let packs = packs(items, .items(maxItems, maxBytes: maxBytes) { $0 })
            #expect(packs.flatMap { $0 } == items)
            for (pack, next) in zip(packs, packs.dropFirst() + [[]]) {
                let bytes = pack.reduce(0, +)
                #expect(pack.count <= maxItems && (bytes <= maxBytes || pack.count == 1))
                guard let first = next.first else { continue }
                #expect(pack.count == maxItems || bytes + first > maxBytes, "it had room")
            }
        }
    }

    @Test func positionsAreThoseAmongAllItems() {
        var packer = BatchPacker<Int>(size: .items(2))
        let positions = (0..<5).compactMap { packer.add($0)?.positions }
        #expect(positions == [0..<2, 2..<4])
        let rest = packer.flush()
        let nothing = packer.flush()
        #expect(rest?.positions == 4..<5 && nothing == nil)
    }
}

@Suite(.timeLimit(.minutes(1))) struct BatchSendTests {
    private func pipeline(_ transport: ScriptedTransport) -> CallPipeline {
        var settings = PipelineSettings()
        settings.time = ManualTime()
        settings.random = SeededRandom(seed: 1)
        settings.retry.backOff = .sequence([.zero])
        return CallPipeline(settings: settings, transport: transport)
    }

    private func settings(
        _ size: HTTPCall.BatchSize<Int>, key: Bool = false, _ options: HTTPCall.GatherOptions = .collect
    ) -> CallPipeline.BatchSettings<Int> {
        CallPipeline.BatchSettings(size: size, options: options, addsIdempotencyKey: key) { items in
            if items.contains(-1) { throw NoNumber() }
            return try .post("http://a.test/bulk", json: items)
        }
    }

    private struct NoNumber: Error {}

    private func all<Input>(_ sequence: HTTPCall.GatherSequence<Input>) async throws -> [HTTPCall.Gathered<Input>] {
        var all: [HTTPCall.Gathered<Input>] = []
        for try await item in sequence { all.append(item) }
        return all.sorted { $0.index < $1.index }
    }

    @Test func everyItemTravelsOnce() async throws {
        let transport = ScriptedTransport()
        let sent = try await all(pipeline(transport).sendBatches(of: 0..<950, settings(.items(100))))
        #expect(sent.map(\.input.items.count) == Array(repeating: 100, count: 9) + [50])
        #expect(sent.map(\.input.positions.lowerBound) == Array(stride(from: 0, to: 950, by: 100)))
        #expect(sent.flatMap(\.input.items) == Array(0..<950))
        #expect(sent.allSatisfy { $0.progress.total == 10 && $0.error == nil })
        let bodies = transport.requests.compactMap { $0.body?.bytes.map { String($0) } }
        #expect(Set(bodies) == Set(sent.compactMap { $0.input.request?.body?.bytes.map { String($0) } }))
    }

    @Test(arguments: [(0, 1, 0), (1, 1, 1), (10, 3, 4), (9, 3, 3)]) func theNumberOfBatchesIsKnownInAdvance(
        items: Int, size: Int, batches: Int
    ) async throws {
        let sequence = pipeline(ScriptedTransport()).sendBatches(of: 0..<items, settings(.items(size)))
        #expect(sequence.gathering.progress.total == batches)
        #expect(try await all(sequence).count == batches)
    }

    /// A POST that the server may have acted upon is not repeated unless it was allowed.
    @Test(arguments: [(false, 1), (true, 2)]) func aBatchIsSentOnceUnlessItHasAKey(key: Bool, sends: Int) async throws {
        let transport = ScriptedTransport(.failure(.connectionReset), .status(200))
        let sent = try await all(pipeline(transport).sendBatches(of: 0..<3, settings(.items(10), key: key)))
        #expect(transport.requestCount == sends)
        #expect((sent.first?.error == nil) == key)
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        #expect(Set(transport.requests.map { $0.headers[name] }).count == 1)
        #expect((transport.requests.first?.headers[name] != nil) == key)
    }

    @Test func failedBatchesAreHandedBackWithTheSameKey() async throws {
        let transport = ScriptedTransport(.status(400), .status(200), .status(400), .status(200))
        let pipeline = pipeline(transport)
        var options = HTTPCall.GatherOptions()
        options.window = 1
        options.validStatus = 200..<300
        let sent = try await all(pipeline.sendBatches(of: 0..<40, settings(.items(10), key: true, options)))
        let failed = sent.filter { $0.error != nil }.map(\.input)
        #expect(failed.map(\.positions) == [0..<10, 20..<30])
        let again = try await all(pipeline.resend(failed, options))
        #expect(again.map(\.input.positions) == [0..<10, 20..<30])
        #expect(again.allSatisfy { $0.error == nil })
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        let keys = transport.requests.map { $0.headers[name] }
        #expect(keys[4] == keys[0] && keys[5] == keys[2])
        #expect(Set(keys).count == 4)
    }

    @Test func aBatchWithoutARequestFailsAloneAndCanBeHandedBack() async throws {
        let sent = try await all(pipeline(ScriptedTransport()).sendBatches(of: [1, -1, 2], settings(.items(1))))
        #expect(sent.map { $0.error is NoNumber } == [false, true, false])
        #expect(sent[1].input.request == nil)
        let again = try await all(pipeline(ScriptedTransport()).resend([sent[1].input], .collect))
        #expect(again.first?.error is NoNumber)
    }

    @Test func whatAStopLeftOverCanBeHandedBack() async throws {
        let transport = ScriptedTransport(.silence, .failure(.connectionReset), .status(200), time: ManualTime())
        let pipeline = pipeline(transport)
        var options = HTTPCall.GatherOptions.failFast
        options.window = 2
        var left: [HTTPCall.Batch<Int>] = []
        await #expect(throws: ClientError.self) {
            for try await sent in pipeline.sendBatches(of: 0..<100, settings(.items(10), options)) {
                if sent.error != nil { left.append(sent.input) }
            }
        }
        #expect(left.count == 2)
        #expect(try await all(pipeline.resend(left, .collect)).allSatisfy { $0.error == nil })
    }

    @Test func itemsBeforeASourceFailsAreSent() async throws {
        struct Failure: Error {}
        let items = AsyncThrowingStream<Int, any Error> { continuation in
            for number in 0..<25 { continuation.yield(number) }
            continuation.finish(throwing: Failure())
        }
        let transport = ScriptedTransport()
        var sent = 0
        let error = await #expect(throws: ClientError.self) {
            for try await batch in pipeline(transport).sendBatches(of: items, settings(.items(10))) {
                sent += batch.input.items.count
            }
        }
        #expect(error?.code == .sourceFailed && error?.cause is Failure)
        #expect(sent == 25)
        #expect(transport.requestCount == 3)
    }
}
