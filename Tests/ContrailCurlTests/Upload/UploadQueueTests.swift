import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCurl

@Suite struct UploadQueueTests {
    private typealias Queue = UploadQueue<Int>

    private func open(_ length: Int64? = nil) -> Queue {
        var queue = Queue(length: length)
        queue.open()
        return queue
    }
    private func chunk(_ text: String) -> ByteChunk { ByteChunk(text.utf8) }
    private func chunk(_ count: Int) -> ByteChunk { ByteChunk([UInt8](repeating: 1, count: count)) }

    @Test func theProducerWaitsForTheConnection() {
        var queue = Queue(length: nil)
        #expect(queue.offer(chunk("a")) == .closed)
        let parked = queue.park(1)
        #expect(parked)
        #expect(queue.takeWaiter() == nil)
        queue.open()
        #expect(queue.takeWaiter() == 1)
        #expect(queue.takeWaiter() == nil)
        #expect(queue.offer(chunk("a")) == .taken(resume: false, wait: false))
    }

    @Test func chunksComeInOrderAndThenTheEnd() {
        var queue = open()
        _ = queue.offer(chunk("a"))
        _ = queue.offer(chunk("b"))
        #expect(queue.pull() == .chunk(chunk("a"), isLast: false))
        #expect(queue.finish() == .complete(resume: false))
        #expect(queue.pull() == .chunk(chunk("b"), isLast: true))
        #expect(queue.pull() == .end)
    }

    @Test func anEmptyQueuePausesAndTheNextChunkResumesOnce() {
        var queue = open()
        #expect(queue.pull() == .nothing)
        #expect(queue.offer(chunk("")) == .taken(resume: false, wait: false))
        #expect(queue.offer(chunk("a")) == .taken(resume: true, wait: false))
        #expect(queue.offer(chunk("b")) == .taken(resume: false, wait: false))
    }

    @Test func theEndResumesAPausedUpload() {
        var queue = open()
        #expect(queue.pull() == .nothing)
        #expect(queue.finish() == .complete(resume: true))
        #expect(queue.pull() == .end)
    }

    @Test func theProducerWaitsAtHighWaterUntilLowWater() {
        var queue = open()
        #expect(queue.offer(chunk(Queue.lowWater)) == .taken(resume: false, wait: false))
        #expect(queue.offer(chunk(Queue.lowWater)) == .taken(resume: false, wait: true))
        let parked = queue.park(7)
        #expect(parked)
        #expect(queue.takeWaiter() == nil)
        _ = queue.pull()
        #expect(queue.takeWaiter() == nil)
        _ = queue.pull()
        #expect(queue.outstanding == 0)
        #expect(queue.takeWaiter() == 7)
        let again = queue.park(8)
        #expect(!again)
    }

    /// The producer waited for room, and the last chunk for the end of the producer.
    @Test func theProducerDoesNotWaitBehindTheLastByte() {
        var queue = open(Int64(Queue.highWater))
        _ = queue.offer(chunk(Queue.highWater / 2))
        #expect(queue.offer(chunk(Queue.highWater / 2)) == .taken(resume: false, wait: false))
        let parked = queue.park(1)
        #expect(!parked)
    }

    @Test func aSecondChunkWhileOneWaitsEndsTheUpload() {
        var queue = open()
        _ = queue.offer(chunk(Queue.highWater))
        let parked = queue.park(1)
        #expect(parked)
        #expect(queue.offer(chunk("x")) == .busy)
        #expect(queue.isClosed && queue.takeWaiter() == 1)
    }

    @Test func aProducerThatGivesUpWaitingIsHandedBackOnce() {
        var queue = Queue(length: nil)
        let parked = queue.park(1)
        #expect(parked)
        #expect(queue.unpark() == 1)
        #expect(queue.unpark() == nil)
    }

    @Test func aDripCannotQueueWithoutBound() {
        var queue = open()
        var count = 0
        while queue.offer(chunk("x")) == .taken(resume: false, wait: false) { count += 1 }
        #expect(count <= Queue.highWater / Queue.chunkCharge)
    }

    @Test func whatCompletesThePromiseWaitsForTheEndOfTheSource() {
        var queue = open(3)
        _ = queue.offer(chunk("ab"))
        #expect(queue.pull() == .chunk(chunk("ab"), isLast: false))
        #expect(queue.pull() == .nothing)
        // Complete, but more may come: not yet.
        #expect(queue.offer(chunk("c")) == .taken(resume: false, wait: false))
        #expect(queue.pull() == .nothing)
        #expect(queue.finish() == .complete(resume: true))
        #expect(queue.pull() == .chunk(chunk("c"), isLast: true))
    }

    @Test func moreThanPromisedIsRefusedBeforeTheLastByteWent() {
        var queue = open(3)
        _ = queue.offer(chunk("ab"))
        _ = queue.offer(chunk("c"))
        #expect(queue.pull() == .chunk(chunk("ab"), isLast: false))
        #expect(queue.offer(chunk("d")) == .tooLong)
        #expect(queue.pull() == .nothing)
        #expect(queue.isClosed && queue.outstanding == 0)
        #expect(queue.finish() == .closed)
    }

    @Test func fewerThanPromisedIsRefused() {
        var queue = open(3)
        _ = queue.offer(chunk("ab"))
        #expect(queue.finish() == .tooShort)
        #expect(queue.isClosed && queue.total == 2)
    }

    @Test func aSourceFailsOnceAndOnlyWhileSomebodyCares() {
        var queue = open()
        let first = queue.fail()
        let second = queue.fail()
        #expect(first && !second)
        var done = open()
        _ = done.finish()
        let late = done.fail()
        #expect(!late)
    }

    @Test(arguments: [false, true]) func closingDropsWhatIsQueuedAndFreesTheProducer(isOpen: Bool) {
        var queue = Queue(length: nil)
        if isOpen {
            queue.open()
            _ = queue.offer(chunk(Queue.highWater))
        }
        let parked = queue.park(3)
        #expect(parked)
        queue.close()
        #expect(queue.outstanding == 0 && queue.takeWaiter() == 3)
        #expect(queue.offer(chunk("a")) == .closed)
        queue.open()
        #expect(queue.isClosed)
    }

    /// Any order of steps: no byte is lost, doubled or reordered, and nobody sleeps while there is something to do.
    @Test(arguments: 0..<50) func randomStepsLoseNothing(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        let content = (0..<2000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var queue = open(random.next() % 2 == 0 ? 2000 : nil)
        var sent: [UInt8] = []
        var position = 0
        var mustResume = false
        var isDone = false
        for _ in 0..<20_000 where !isDone {
            if random.next() % 2 == 0, position < content.count {
                let end = min(content.count, position + Int(random.next() % 40))
                guard case .taken(let resume, _) = queue.offer(ByteChunk(content[position..<end])) else {
                    Issue.record("not taken")
                    return
                }
                if resume { mustResume = false }
                position = end
                if position == content.count, case .complete(let resume) = queue.finish(), resume { mustResume = false }
            } else if !mustResume {
                switch queue.pull() {
                case .chunk(let chunk, let isLast):
                    sent += chunk
                    isDone = isLast
                case .nothing: mustResume = true
                case .end: isDone = true
                }
            }
        }
        #expect(isDone && sent == content)
    }
}
