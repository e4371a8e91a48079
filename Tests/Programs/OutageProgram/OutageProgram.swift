// A program for tests that look at it from outside (Tests/Tools/outage.py, AllocationTests): makes spans, and says what
// became of them.
//   OutageProgram pace RATE SECONDS     so many spans per second for so long, flushed at the end; prints the counts
//   OutageProgram burst COUNT           so many at once, then waits for a signal; prints how many it made
//   OutageProgram attributes COUNT EACH so many spans, one after another, with so many attributes each; they go nowhere
import Contrail
import Foundation
import Tracing

@main struct OutageProgram {
    struct UsageError: Error {}

    static func main() async throws {
        let numbers = CommandLine.arguments.dropFirst(2).compactMap(Double.init)
        switch (CommandLine.arguments.dropFirst().first, numbers.count) {
        case ("pace", 2): try await pace(perSecond: numbers[0], seconds: numbers[1])
        case ("burst", 1): try await burst(Int(numbers[0]))
        case ("attributes", 2): setAttributes(spans: Int(numbers[0]), each: Int(numbers[1]))
        default: throw UsageError()
        }
    }

    /// OUTAGE_GRACE: the shutdown's budget in seconds.
    private static var configuration: Telemetry.Configuration {
        var configuration = Telemetry.Configuration()
        if let grace = configuration.environment["OUTAGE_GRACE"].flatMap(Int.init) {
            configuration.shutdownTimeout = .seconds(grace)
        }
        return configuration
    }

    private static func pace(perSecond rate: Double, seconds: Double) async throws {
        let runtime = try await Telemetry.scoped(service: "outage", configuration: configuration) { runtime in
            let start = ContinuousClock.now
            var made = 0
            while true {
                let elapsed = (ContinuousClock.now - start) / .seconds(1)
                let due = Int(rate * min(elapsed, seconds))
                for _ in made..<max(made, due) { runtime.tracer.startSpan("work", parent: nil).end() }
                made = max(made, due)
                if elapsed >= seconds { return runtime }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        let counts = runtime.counts
        print(
            "ended", counts.ended, "acknowledged", counts.acknowledged, "queue_full", counts.droppedQueueFull,
            "shutdown", counts.droppedAfterShutdown, "exporter", counts.droppedByExporter, "unknown", counts.unknown,
            "pending", counts.pending)
    }

    private static func burst(_ count: Int) async throws {
        try await Telemetry.run(service: "outage") {
            for _ in 0..<count { withSpan("work") { _ in } }
            // Written at once: whoever waits for the line reads a pipe.
            FileHandle.standardOutput.write(Data("made \(count)\n".utf8))
            try await Task.sleep(for: .seconds(60))
        }
    }

    private static func setAttributes(spans: Int, each: Int) {
        let tracer = Telemetry.TracerProvider(resource: .init(), processors: [Nowhere()]).tracer(name: "test")
        let attributes = (0..<each).map { Telemetry.Attribute("an.attribute.with.number.\($0)", .int(Int64($0))) }
        for _ in 0..<spans {
            let span = tracer.startSpan("work", parent: nil)
            for attribute in attributes { span.setAttribute(attribute.key, attribute.value) }
            span.end()
        }
    }
}

private final class Nowhere: Telemetry.SpanProcessor {
    func onStart(_ span: Telemetry.Span, in context: ServiceContext) {}
    func onEnd(_ span: Telemetry.SpanData) {}
    func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { .success }
    func shutdown(timeout: Duration) async -> Telemetry.FlushResult { .success }
}
