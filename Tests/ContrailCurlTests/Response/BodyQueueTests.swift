import ContrailBase
import Testing

@testable import ContrailCurl

@Suite struct BodyQueueTests {
    private struct Boom: Error, Equatable {}
    private typealias Queue = BodyQueue<Int>

    private func bytes(_ count: Int) -> ByteChunk { ByteChunk(repeatElement(1, count: count)) }

    @Test func chunksComeOutInOrderAndThenTheEnd() {
        var queue = Queue()
        for count in 1...200 { _ = queue.offer(bytes(count), isPaused: false) }
        queue.finish(nil)
        for count in 1...200 {
            guard case .chunk(let chunk) = queue.take()?.item else {
                Issue.record("no chunk")
                return
            }
            #expect(chunk.count == count)
        }
        for _ in 0..<2 { if case .end = queue.take()?.item {} else { Issue.record("no end") } }
        #expect(queue.outstanding == 0)
    }

    @Test func theConsumerResumesOnceBelowTheLowWaterMark() {
        var queue = Queue()
        let chunk = bytes(Queue.highWater / 8)
        for _ in 0..<8 { _ = queue.offer(chunk, isPaused: false) }
        #expect(queue.offer(.empty, isPaused: true) == false)
        var resumes: [Bool] = []
        while let (item, resume) = queue.take(), case .chunk = item { resumes.append(resume) }
        #expect(resumes.count { $0 } == 1)
        #expect(resumes.firstIndex(of: true) == 4)
    }

    @Test func aPauseThatIsOutOfDateGoesOnAtOnce() {
        var queue = Queue()
        #expect(queue.offer(bytes(10), isPaused: true) == true)
        #expect(queue.take()?.resume == false)
    }

    @Test func aWaiterIsWokenByBytesAndOnlyOnce() {
        var queue = Queue()
        #expect(queue.take() == nil)
        #expect(queue.park(1) == true)
        #expect(queue.park(2) == false)
        #expect(queue.wake() == nil)
        _ = queue.offer(bytes(5), isPaused: false)
        #expect(queue.wake()?.waiter == 1)
        #expect(queue.wake() == nil)
        #expect(!queue.hasWaiter)
    }

    @Test func nobodyParksInFrontOfBytes() {
        var queue = Queue()
        _ = queue.offer(bytes(5), isPaused: false)
        #expect(queue.park(1) == false)
        _ = queue.take()
        queue.finish(Boom())
        #expect(queue.park(1) == false)
    }

    @Test func anErrorComesBehindTheBytesAndStays() {
        var queue = Queue()
        _ = queue.offer(bytes(5), isPaused: false)
        queue.finish(Boom())
        queue.finish(nil)
        if case .chunk = queue.take()?.item {} else { Issue.record("no chunk") }
        for _ in 0..<2 {
            if case .failure(let error) = queue.take()?.item {
                #expect(error is Boom)
            } else {
                Issue.record("no error")
            }
        }
    }

    @Test func cancelDropsBytesAndTellsTheLoopOnlyIfItIsStillAtWork() {
        var open = Queue()
        _ = open.offer(bytes(5), isPaused: false)
        #expect(open.cancel(CancellationError()) == true)
        #expect(open.outstanding == 0)
        #expect(open.cancel(CancellationError()) == false)
        #expect(open.offer(bytes(5), isPaused: true) == false)
        #expect(open.outstanding == 0)

        var unread = Queue()
        _ = unread.offer(bytes(5), isPaused: false)
        unread.finish(nil)
        #expect(unread.cancel(CancellationError()) == false)
        if case .failure = unread.take()?.item {} else { Issue.record("not cancelled") }

        var read = Queue()
        read.finish(nil)
        #expect(read.cancel(CancellationError()) == false)
        if case .end = read.take()?.item {} else { Issue.record("an end does not change") }
    }

    @Test func smallChunksCountMoreThanTheirBytes() {
        var queue = Queue()
        _ = queue.offer(bytes(1), isPaused: false)
        #expect(queue.outstanding == 1 + Queue.chunkCharge)
    }
}
