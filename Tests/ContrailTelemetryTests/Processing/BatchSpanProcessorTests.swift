import ContrailBase
import ContrailTesting
import Dispatch
import Testing

@testable import ContrailTelemetry

private func makeProcessor(
    _ exporter: RecordingExporter, batch: Int = 3, queue: Int = 100, delay: Duration = .seconds(5),
    exportTimeout: Duration = .seconds(30), time: any TimeSource = SystemTime()
) -> Telemetry.BatchSpanProcessor {
    Telemetry.BatchSpanProcessor(
        exporter: exporter, resource: Telemetry.Resource(),
        settings: .init(
            scheduleDelay: delay, maxBatchSize: batch, maxQueueSize: queue, exportTimeout: exportTimeout),
        time: time)
}

extension Telemetry.BatchSpanProcessor {
    fileprivate func end(_ names: ClosedRange<Int>) { for name in names { onEnd(makeSpanData("\(name)")) } }
}

@Suite("BatchSpanProcessor", .timeLimit(.minutes(1)))
struct BatchSpanProcessorTests {
    @Test func defaultsAreDocumented() {
        let settings = Telemetry.BatchSpanProcessor.Settings()
        #expect(settings.scheduleDelay == .seconds(5))
        #expect(settings.maxBatchSize == 512)
        #expect(settings.maxQueueSize == 16_384)
        #expect(settings.exportTimeout == .seconds(30))
    }

    @Test func spansThatAreNotSampledAreNotExported() async {
        let exporter = RecordingExporter()
        let processor = makeProcessor(exporter)
        processor.onEnd(makeSpanData("x", flags: .random))
        #expect(processor.counts == Telemetry.SpanCounts())
        #expect(await processor.forceFlush(timeout: .seconds(30)) == .success)
        #expect(exporter.batches.isEmpty)
    }

    @Test func exportsWhenTheDelayIsOver() async throws {
        let (time, exported) = (ManualTime(), Gate())
        let exporter = RecordingExporter {
            exported.open()
            return Telemetry.ExportResult(acknowledged: $0.count)
        }
        let processor = makeProcessor(exporter, time: time)
        processor.end(1...2)
        try await time.waitForSleepers(1)
        time.advance(by: .seconds(5))
        await exported.passUnlessCancelled()
        #expect(exporter.batches.map { $0.map(\.name) } == [["1", "2"]])
        _ = await processor.shutdown(timeout: .seconds(5))
    }

    @Test func exportsWhenABatchIsFull() async {
        let exported = Gate()
        let exporter = RecordingExporter {
            exported.open()
            return Telemetry.ExportResult(acknowledged: $0.count)
        }
        let processor = makeProcessor(exporter, time: ManualTime())
        processor.end(1...3)
        await exported.passUnlessCancelled()
        #expect(exporter.batches.map(\.count) == [3])
        _ = await processor.shutdown(timeout: .seconds(5))
    }

    @Test func anIdleProcessorSleepsNowhere() async {
        let time = ManualTime()
        let processor = makeProcessor(RecordingExporter(), time: time)
        #expect(time.sleeperCount == 0)
        processor.end(1...7)
        #expect(await processor.forceFlush(timeout: .seconds(30)) == .success)
        // The delay timer of the first span may still be armed; once it has fired there is none.
        time.advance(by: .seconds(60))
        #expect(time.sleeperCount == 0)
        #expect(processor.counts.acknowledged == 7)
    }

    @Test func exportsAreNeverConcurrent() async {
        let exporter = RecordingExporter {
            for _ in 0..<5 { await Task.yield() }
            return Telemetry.ExportResult(acknowledged: $0.count)
        }
        let processor = makeProcessor(exporter, batch: 25, queue: 100_000)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    processor.end(1...250)
                    _ = await processor.forceFlush(timeout: .seconds(30))
                }
            }
        }
        #expect(exporter.maxRunning == 1)
        #expect(exporter.spans.count == 2000)
        #expect(processor.counts.acknowledged == 2000)
        #expect(await processor.shutdown(timeout: .seconds(30)) == .success)
    }

    @Test func aStalledExporterMakesNewSpansDropAndNothingElse() async {
        let gate = Gate()
        let exporter = RecordingExporter {
            await gate.pass()
            return Telemetry.ExportResult(acknowledged: $0.count)
        }
        let processor = makeProcessor(exporter, batch: 2, queue: 10)
        processor.end(1...1000)
        let counts = processor.counts
        #expect(counts.ended == 1000)
        #expect(counts.ended == counts.droppedQueueFull + counts.pending)
        #expect((10...12).contains(counts.pending))
        gate.open()
        #expect(await processor.shutdown(timeout: .seconds(30)) == .success)
        #expect(processor.counts.acknowledged == counts.pending)
        #expect(exporter.spans.first?.name == "1")
    }

    @Test func aHangingExportIsCancelledWhenItsTimeIsOver() async throws {
        let (time, gate) = (ManualTime(), Gate())
        let exporter = RecordingExporter {
            await gate.passUnlessCancelled()
            return Telemetry.ExportResult(unknown: $0.count)
        }
        let processor = makeProcessor(exporter, batch: 3, exportTimeout: .seconds(10), time: time)
        processor.end(1...3)
        // The delay's timer and the export's.
        try await time.waitForSleepers(2)
        async let flushed = processor.forceFlush(timeout: .seconds(60))
        try await time.waitForSleepers(3)
        time.advance(by: .seconds(10))
        #expect(await flushed == .failure)
        #expect(processor.counts.unknown == 3)
        #expect(await processor.shutdown(timeout: .seconds(5)) == .success)
    }

    @Test func flushGivesUpWhenItsTimeIsOver() async throws {
        let (time, gate) = (ManualTime(), Gate())
        let exporter = RecordingExporter {
            await gate.pass()
            return Telemetry.ExportResult(acknowledged: $0.count)
        }
        let processor = makeProcessor(exporter, batch: 3, time: time)
        processor.end(1...3)
        try await time.waitForSleepers(2)
        async let flushed = processor.forceFlush(timeout: .seconds(1))
        try await time.waitForSleepers(3)
        time.advance(by: .seconds(1))
        #expect(await flushed == .timeout)
        #expect(processor.counts.pending == 3)
        gate.open()
        #expect(await processor.shutdown(timeout: .seconds(5)) == .success)
        #expect(processor.counts.acknowledged == 3)
    }

    /// An exporter that does not listen to its cancellation must not hold the program up.
    @Test func shutdownGivesUpWhenItsTimeIsOver() async throws {
        let (time, gate) = (ManualTime(), Gate())
        let exporter = RecordingExporter {
            await gate.pass()
            return Telemetry.ExportResult(acknowledged: $0.count)
        }
        let processor = makeProcessor(exporter, batch: 3, time: time)
        processor.end(1...5)
        try await time.waitForSleepers(2)
        async let ended = processor.shutdown(timeout: .seconds(5))
        try await time.waitForSleepers(3)
        time.advance(by: .seconds(5))
        #expect(await ended == .timeout)
        let counts = processor.counts
        #expect(counts.unknown == 3 && counts.droppedAfterShutdown == 2 && counts.pending == 0)
        #expect(await processor.shutdown(timeout: .seconds(5)) == .timeout)
        gate.open()
    }

    /// What was never sent must not be reported as "may have arrived".
    @Test func shutdownTakesTheCancelledExportersWord() async throws {
        let (time, gate) = (ManualTime(), Gate())
        let exporter = RecordingExporter {
            await gate.passUnlessCancelled()
            return Telemetry.ExportResult(dropped: $0.count)
        }
        let processor = makeProcessor(exporter, batch: 3, time: time)
        processor.end(1...5)
        try await time.waitForSleepers(2)
        async let ended = processor.shutdown(timeout: .seconds(5))
        try await time.waitForSleepers(4)
        time.advance(by: .milliseconds(4_750))
        #expect(await ended == .timeout)
        let counts = processor.counts
        #expect(counts.droppedByExporter == 3 && counts.droppedAfterShutdown == 2 && counts.unknown == 0)
    }

    @Test func shutdownCancelsTheExportThatRuns() async throws {
        let (time, gate, cancelled) = (ManualTime(), Gate(), Gate())
        let exporter = RecordingExporter {
            await gate.passUnlessCancelled()
            if Task.isCancelled { cancelled.open() }
            return Telemetry.ExportResult(unknown: $0.count)
        }
        let processor = makeProcessor(exporter, batch: 3, time: time)
        processor.end(1...3)
        try await time.waitForSleepers(2)
        async let ended = processor.shutdown(timeout: .seconds(5))
        try await time.waitForSleepers(3)
        time.advance(by: .seconds(5))
        #expect(await ended == .timeout)
        await cancelled.passUnlessCancelled()
    }

    @Test func afterTheShutdownSpansAreCountedAndDropped() async {
        let exporter = RecordingExporter()
        let processor = makeProcessor(exporter)
        processor.end(1...2)
        #expect(await processor.shutdown(timeout: .seconds(30)) == .success)
        #expect(exporter.spans.count == 2)
        #expect(exporter.shutdowns == 1)
        processor.end(3...5)
        #expect(processor.counts.droppedAfterShutdown == 3)
        #expect(await processor.forceFlush(timeout: .seconds(30)) == .success)
        #expect(await processor.shutdown(timeout: .seconds(30)) == .success)
        #expect(exporter.shutdowns == 1)
        #expect(exporter.spans.count == 2)
    }

    @Test func shutdownOfAnUnusedProcessorEndsTheExporter() async {
        let exporter = RecordingExporter()
        #expect(await makeProcessor(exporter).shutdown(timeout: .seconds(30)) == .success)
        #expect(exporter.shutdowns == 1)
    }

    /// Threads that end spans at the same moment leave them to one another: none may be left without timer or worker. Nothing
    /// is flushed, and nobody asks for counts, which would take along what was left.
    @Test(arguments: [1, 2, 5])
    func whatThreadsEndAtTheSameTimeIsExportedByItself(batch: Int) async throws {
        for _ in 0..<8 {
            let exporter = RecordingExporter()
            let processor = makeProcessor(exporter, batch: batch, queue: 10_000, delay: .milliseconds(1))
            DispatchQueue.concurrentPerform(iterations: 4) { _ in processor.end(1...26) }
            while exporter.spans.count < 104 {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }

    @Test func everyEndedSpanIsCountedWhateverHappens() async {
        let exporter = RecordingExporter { spans in
            switch spans.count % 3 {
            case 0: Telemetry.ExportResult(acknowledged: spans.count)
            case 1: Telemetry.ExportResult(dropped: spans.count)
            default: Telemetry.ExportResult(acknowledged: 1, unknown: spans.count - 1)
            }
        }
        let processor = makeProcessor(exporter, batch: 7, queue: 50)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 {
                        processor.end(1...37)
                        if Bool.random() { _ = await processor.forceFlush(timeout: .seconds(30)) }
                    }
                }
            }
        }
        _ = await processor.shutdown(timeout: .seconds(30))
        let counts = processor.counts
        #expect(counts.ended == 4 * 50 * 37)
        #expect(counts.pending == 0)
        #expect(counts.ended == counts.acknowledged + counts.lost)
    }
}

@Suite("SimpleSpanProcessor", .timeLimit(.minutes(1)))
struct SimpleSpanProcessorTests {
    @Test func exportsEachSpanByItselfInOrder() async {
        let exporter = RecordingExporter()
        let processor = Telemetry.SimpleSpanProcessor(exporter: exporter, resource: Telemetry.Resource())
        for name in 1...50 { processor.onEnd(makeSpanData("\(name)")) }
        #expect(await processor.forceFlush(timeout: .seconds(30)) == .success)
        #expect(exporter.batches.map { $0.map(\.name) } == (1...50).map { ["\($0)"] })
        #expect(exporter.maxRunning == 1)
        #expect(processor.counts.acknowledged == 50)
        #expect(await processor.shutdown(timeout: .seconds(30)) == .success)
        #expect(exporter.shutdowns == 1)
    }

    @Test func doesNotWaitForADelay() async {
        let exported = Gate()
        let exporter = RecordingExporter {
            exported.open()
            return Telemetry.ExportResult(acknowledged: $0.count)
        }
        let processor = Telemetry.SimpleSpanProcessor(
            exporter: exporter, resource: Telemetry.Resource(), time: ManualTime())
        processor.onEnd(makeSpanData("x"))
        await exported.passUnlessCancelled()
        _ = await processor.shutdown(timeout: .seconds(30))
    }
}
