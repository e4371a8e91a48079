import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite(.timeLimit(.minutes(1))) struct GatheringTests {
    private let time = ManualTime()

    private func pipeline(
        _ transport: any Transport, _ change: (inout PipelineSettings) -> Void = { _ in }
    ) -> CallPipeline {
        var settings = PipelineSettings()
        settings.time = time
        settings.retry.maxAttempts = 1
        change(&settings)
        return CallPipeline(settings: settings, transport: transport)
    }

    private func requests(_ count: Int) -> [HTTPCall.Request] { (0..<count).map { .get("http://a.test/\($0)") } }

    /// Answers after as many seconds as the path says.
    private var delayed: ScriptedTransport {
        let time = time
        return ScriptedTransport(
            .custom { request in
                let seconds = Int(request.url.path.dropFirst()) ?? 0
                do {
                    try await time.sleep(until: time.now + .seconds(seconds))
                } catch {
                    throw TransportError(.cancelled, "scripted", summary: SendSummary(submitted: time.now))
                }
                let head = ResponseHead(status: .ok, headers: [:])
                return WireResponse(head: head, body: .buffered(.empty), summary: SendSummary(submitted: time.now))
            }, time: time)
    }

    private func all<Input>(_ sequence: HTTPCall.GatherSequence<Input>) async throws -> [HTTPCall.Gathered<Input>] {
        var all: [HTTPCall.Gathered<Input>] = []
        for try await item in sequence { all.append(item) }
        return all
    }

    // MARK: Order and completeness

    @Test func resultsComeInTheOrderOfCompletion() async throws {
        let pipeline = pipeline(delayed)
        var iterator = pipeline.gather([3, 1, 2].map { HTTPCall.Request.get("http://a.test/\($0)") }, .collect)
            .makeAsyncIterator()
        let taken = Gauge()
        let mover = Task { [time] in
            for step in 0..<3 {
                try await time.waitForSleepers(3 - step)
                // One after the other: the reader has the one before.
                while taken.now < step {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                time.advance(by: .seconds(1))
            }
        }
        var order: [Int] = []
        var paths: [Substring] = []
        while let item = try await iterator.next() {
            order.append(item.index)
            paths.append(try item.get().url.path)
            taken.add(1)
        }
        try await mover.value
        #expect(order == [1, 2, 0])
        #expect(paths == ["/1", "/2", "/3"])
    }

    @Test func everyRequestComesOutOnceWithItsAttempts() async throws {
        let transport = ScriptedTransport(.failure(.connectionReset), .status(503), .status(200))
        let pipeline = pipeline(transport) { $0.limits.maxTotal = 3 }
        let items = try await all(pipeline.gather(requests(50), .collect))
        #expect(items.map(\.index).sorted() == Array(0..<50))
        #expect(items.allSatisfy { $0.request.url == "http://a.test/\($0.index)" && $0.attempts.count == 1 })
        #expect(items.count { $0.error != nil } == 1)
        #expect(items.count { $0.response?.status.code == 503 } == 1)
        #expect(items.last?.progress.done == 50)
        #expect(items.last?.progress.failed == 1)
        #expect(items.allSatisfy { $0.progress.total == 50 })
        #expect(transport.mostUnderWay <= 3)
    }

    @Test func nothingIsSentBeforeTheFirstIsAskedFor() async throws {
        let transport = ScriptedTransport()
        let sequence = pipeline(transport).gather(requests(10), .collect)
        _ = sequence.makeAsyncIterator()
        #expect(transport.requestCount == 0)
        // The iterator is gone, and with it the work.
        await #expect(throws: CancellationError.self) { try await all(sequence) }
        #expect(transport.requestCount == 0)
    }

    @Test func aLazySequenceIsTakenFromAsItIsSent() async throws {
        let made = Gauge()
        let transport = ScriptedTransport()
        let requests = (0..<1_000).lazy.map { number -> HTTPCall.Request in
            made.add(1)
            return .get("http://a.test/\(number)")
        }
        var options = HTTPCall.GatherOptions()
        options.window = 4
        var iterator = pipeline(transport).gather(requests, options).makeAsyncIterator()
        for taken in 1...20 {
            _ = try await iterator.next()
            #expect(made.now <= taken + 4)
        }
    }

    // MARK: Back-pressure

    /// Gives numbers as long as it is asked, and counts how often it was.
    private struct Numbers: AsyncSequence, Sendable {
        let asked: Asked
        var failsAfter: Int?
        struct Broken: Error {}

        final class Asked: Sendable {
            private let number = Locked(0)
            var count: Int { number.withLock { $0 } }
            func next() -> Int {
                number.withLock { number in
                    number += 1
                    return number - 1
                }
            }
        }

        struct Iterator: AsyncIteratorProtocol {
            let numbers: Numbers
            mutating func next() async throws -> HTTPCall.Request? {
                let number = numbers.asked.next()
                if number == numbers.failsAfter { throw Broken() }
                return .get("http://a.test/\(number)")
            }
        }
        func makeAsyncIterator() -> Iterator { Iterator(numbers: self) }
    }

    @Test func aSlowReaderHoldsTheSourceBack() async throws {
        let asked = Numbers.Asked()
        let transport = ScriptedTransport()
        var options = HTTPCall.GatherOptions()
        options.window = 5
        let sequence = pipeline(transport).gather(Numbers(asked: asked), options)
        var iterator = sequence.makeAsyncIterator()
        _ = try await iterator.next()
        // All that can be done without the reader is done once the window is full of results.
        while transport.requestCount < 6 {
            try Task.checkCancellation()
            await Task.yield()
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(sequence.gathering.used == 5)
        #expect(asked.count == 6)
        #expect(transport.requestCount == 6)
    }

    @Test func theSourceIsAskedOnlyWhenASlotIsFree() async throws {
        let asked = Numbers.Asked()
        var options = HTTPCall.GatherOptions()
        options.window = 3
        let pipeline = pipeline(ScriptedTransport(.silence, time: time))
        let reader = Task {
            for try await _ in pipeline.gather(Numbers(asked: asked), options) {}
        }
        try await time.waitForSleepers(3)
        for _ in 0..<100 { await Task.yield() }
        #expect(asked.count == 3)
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
    }

    private final class Thing: Sendable {}

    /// Gives two things, then nothing for ever. Knows which of them are still held by somebody.
    private final class TwoThings: Sendable {
        private struct Weak: Sendable { weak var thing: Thing? }
        private let given = Locked<[Weak]>([])
        var held: Int { given.withLock { $0.count { $0.thing != nil } } }

        func next() -> Thing? {
            given.withLock { given in
                guard given.count < 2 else { return nil }
                let thing = Thing()
                given.append(Weak(thing: thing))
                return thing
            }
        }
    }

    /// While the source has nothing: neither inputs nor results that were taken.
    @Test func aTaskThatRestsKeepsNothing() async throws {
        let (things, time) = (TwoThings(), time)
        let sequence = pipeline(ScriptedTransport()).gather(
            {
                if let thing = things.next() { return thing }
                try await time.sleep(until: MonotonicInstant(nanoseconds: .max))
                return nil
            }, .collect, count: nil
        ) { ($0, .failure(CancellationError())) }
        let reader = Task { for try await _ in sequence {} }
        try await time.waitForSleepers(1)
        while things.held > 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
    }

    // MARK: Early ends

    /// Also if the source does not hear of it, and has no end.
    @Test func cancellingWhoeverRunsItEndsTheTaking() async throws {
        let gathering = Gathering<Int>(
            { { _ in (0, .failure(CancellationError())) } }, slots: GatherSlots(size: 2), sink: { _, _ in })
        let running = Task { await gathering.run() }
        while gathering.progress.done < 100 {
            try Task.checkCancellation()
            await Task.yield()
        }
        running.cancel()
        await running.value
        #expect(gathering.progress.inFlight == 0)
    }

    @Test func aSourceThatFailsIsToldBehindWhatWasUnderWay() async throws {
        let sequence = pipeline(ScriptedTransport()).gather(
            Numbers(asked: Numbers.Asked(), failsAfter: 7), .collect)
        var iterator = sequence.makeAsyncIterator()
        var indices: [Int] = []
        let error = await #expect(throws: ClientError.self) {
            while let item = try await iterator.next() {
                #expect(item.error == nil)
                indices.append(item.index)
            }
        }
        #expect(error?.code == .sourceFailed)
        #expect(error?.cause is Numbers.Broken)
        #expect(indices.sorted() == Array(0..<7))
        #expect(try await iterator.next() == nil)
    }

    @Test func failFastCancelsTheRestAndSaysSo() async throws {
        let pipeline = pipeline(
            ScriptedTransport(.silence, .silence, .failure(.connectionReset), .status(200), time: time)
        ) { $0.limits.maxTotal = 3 }
        var results: [HTTPCall.Gathered<HTTPCall.Request>] = []
        let error = await #expect(throws: ClientError.self) {
            for try await item in pipeline.gather(requests(100), .failFast) { results.append(item) }
        }
        #expect(error?.code == .gatherStopped)
        #expect((error?.cause as? ClientError)?.code == .transport(.connectionReset))
        #expect(results.count == 3)
        #expect(results.count { $0.error is CancellationError } == 2)
        #expect(results.last?.progress.failed == 3)
    }

    @Test func stopsAfterSoManyFailures() async throws {
        let transport = ScriptedTransport(.status(500))
        var options = HTTPCall.GatherOptions.stop(afterFailures: 4)
        options.window = 1
        options.validStatus = 200..<300
        var count = 0
        let error = await #expect(throws: ClientError.self) {
            for try await item in pipeline(transport).gather(requests(100), options) {
                #expect((item.error as? ClientError)?.code == .badStatus)
                #expect(item.attempts.count == 1)
                count += 1
            }
        }
        #expect((error?.cause as? ClientError)?.code == .badStatus)
        #expect(count == 4)
        #expect(transport.requestCount == 4)
    }

    @Test func withoutALimitFailuresStopNothing() async throws {
        let items = try await all(pipeline(ScriptedTransport(.failure(.connect))).gather(requests(200), .collect))
        #expect(items.count { $0.error != nil } == 200)
    }

    // MARK: The reader goes

    /// Waits until nothing is left of the gathering.
    private func ends(_ body: () async throws -> WeakGathering) async throws {
        let gathering = try await body()
        while gathering.value != nil {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private final class WeakGathering: Sendable {
        private let state: Locked<Box>
        private struct Box: Sendable { weak var value: Gathering<HTTPCall.Request>? }
        init(_ value: Gathering<HTTPCall.Request>) { state = Locked(Box(value: value)) }
        var value: Gathering<HTTPCall.Request>? { state.withLock { $0.value } }
    }

    @Test func droppingTheIteratorCancelsWhatIsUnderWay() async throws {
        let recorder = RecordingObserver()
        let pipeline = pipeline(delayed) {
            $0.observers = [recorder]
            $0.limits.maxTotal = 4
        }
        let time = time
        try await ends {
            let sequence = pipeline.gather(
                ([0] + Array(repeating: 9, count: 50)).map { .get("http://a.test/\($0)") }, .collect)
            var iterator = sequence.makeAsyncIterator()
            _ = try await iterator.next()
            try await time.waitForSleepers(4)
            return WeakGathering(sequence.gathering)
        }
        #expect(time.sleeperCount == 0)
        #expect(recorder.calls.count == 5)
        #expect(pipeline.waitingCount == 0)
    }

    @Test func cancellingTheReaderCancelsWhatIsUnderWay() async throws {
        let pipeline = pipeline(delayed) { $0.limits.maxTotal = 4 }
        let time = time
        try await ends {
            let sequence = pipeline.gather((0..<50).map { _ in .get("http://a.test/9") }, .collect)
            let weak = WeakGathering(sequence.gathering)
            let reader = Task { for try await _ in sequence {} }
            try await time.waitForSleepers(4)
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
            return weak
        }
        #expect(time.sleeperCount == 0)
    }

    /// At any moment: permits and tasks are back, and the client goes on.
    @Test(arguments: 0..<40) func leavingAtAnyPointLeaksNothing(seed: Int) async throws {
        let random = SeededRandom(seed: UInt64(seed))
        let transport = ScriptedTransport(
            .custom { _ in
                for _ in 0..<(random.next() % 4) { await Task.yield() }
                let now = MonotonicInstant(nanoseconds: 1)
                guard !Task.isCancelled else {
                    throw TransportError(.cancelled, "scripted", summary: SendSummary(submitted: now))
                }
                return WireResponse(
                    head: ResponseHead(status: .ok, headers: [:]), body: .buffered(.empty),
                    summary: SendSummary(submitted: now))
            }, time: time)
        let pipeline = pipeline(transport) {
            $0.limits.maxTotal = 3
            $0.limits.maxPerOrigin = 2
        }
        let requests = requests(60)
        try await ends {
            let sequence = pipeline.gather(requests, .collect)
            let weak = WeakGathering(sequence.gathering)
            let limit = Int(random.next() % 70)
            let reader = Task {
                var taken = 0
                for try await _ in sequence {
                    taken += 1
                    if taken == limit { break }
                }
            }
            for _ in 0..<(random.next() % 200) { await Task.yield() }
            if random.next() % 2 == 0 { reader.cancel() }
            _ = await reader.result
            return weak
        }
        #expect(pipeline.waitingCount == 0)
        // All permits are there again.
        let again = try await all(pipeline.gather(self.requests(4), .collect))
        #expect(again.count { $0.error == nil } == 4)
    }

    // MARK: In order

    @Test func gatherAllKeepsTheOrderOfTheRequests() async {
        let time = time
        let mover = Task {
            while true {
                try await time.waitForSleepers(1)
                time.advance(by: .milliseconds(500))
            }
        }
        defer { mover.cancel() }
        let results = await pipeline(delayed).gatherAll([3, 1, 2].map { .get("http://a.test/\($0)") }, .collect)
        #expect(results.map { try? $0.get().url.path } == ["/3", "/1", "/2"])
    }

    @Test func gatherAllThatStopsCancelsTheRest() async {
        let transport = ScriptedTransport(.status(200), .failure(.connectionReset), .status(200))
        let results = await pipeline(transport) { $0.limits.maxTotal = 1 }.gatherAll(requests(9), .failFast)
        #expect(results.count == 9)
        #expect(transport.requestCount == 2)
        #expect(results.count { $0.failure is CancellationError } == 7)
    }

    @Test func cancellingGatherAllBeginsNothingMore() async throws {
        let transport = ScriptedTransport(.silence, time: time)
        let pipeline = pipeline(transport) { $0.limits.maxTotal = 4 }
        let requests = requests(50)
        let all = Task { await pipeline.gatherAll(requests, .collect) }
        try await time.waitForSleepers(4)
        all.cancel()
        #expect(await all.value.count { $0.failure is CancellationError } == 50)
        #expect(transport.requestCount == 4)
    }

    @Test func gatherAllOfNothingIsNothing() async {
        #expect(await pipeline(ScriptedTransport()).gatherAll([], .collect).isEmpty)
    }
}
