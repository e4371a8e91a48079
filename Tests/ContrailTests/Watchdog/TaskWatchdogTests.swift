import ContrailBase
import ContrailTestSupport
import ContrailTesting
import Dispatch
import Testing

@testable import Contrail

@Suite(.timeLimit(.minutes(1))) struct TaskWatchdogTests {
    private func watchdog(_ heard: Heard, _ time: any TimeSource) -> TaskWatchdog {
        TaskWatchdog(
            Telemetry.Configuration.Watchdog(), time: time, measure: { heard.delay($0) }, warn: { heard.warning($0) })
    }

    /// Time stands still for the pool: to the watchdog it is starved.
    @Test func tellsTheDelayAndWhatToDo() async throws {
        let heard = Heard()
        let time = SteppingTime(.milliseconds(400))
        watchdog(heard, time).tick()
        try await heard.waitForDelays(1)
        #expect(heard.delays == [.milliseconds(400)])
        let warning = try #require(heard.warnings.first)
        #expect(warning.contains("waited 0.4 s") && warning.contains("offload"))
    }

    @Test func aPoolThatIsFreeIsNoReasonToWarn() async throws {
        let heard = Heard()
        watchdog(heard, SteppingTime(.milliseconds(1))).tick()
        try await heard.waitForDelays(1)
        #expect(heard.warnings.isEmpty)
    }

    /// In a process of its own: every thread that runs tasks is blocked.
    @Test func aStarvedPoolIsNoticed() async {
        await #expect(processExitsWith: .success) {
            let heard = Heard()
            var settings = Telemetry.Configuration.Watchdog()
            settings.interval = .milliseconds(50)
            let watchdog = TaskWatchdog(
                settings, time: SystemTime(), measure: { heard.delay($0) }, warn: { heard.warning($0) })
            watchdog.start()
            let gate = DispatchSemaphore(value: 0)
            // Enough for any machine's cores; a thread outside lets them go once there is a warning.
            guard
                OwnThread.start(
                    name: "test",
                    {
                        let pause = DispatchSemaphore(value: 0)
                        while heard.warnings.isEmpty { _ = pause.wait(timeout: .now() + .milliseconds(10)) }
                        for _ in 0..<256 { gate.signal() }
                    })
            else { return }
            await withTaskGroup { group in for _ in 0..<256 { group.addTask { block(gate) } } }
            try await heard.waitForDelays(1)
            #expect(heard.delays.contains { $0 >= .milliseconds(250) })
            watchdog.stop()
            #expect(await threadCountBecomes(0))
        }
    }

    @Test func runsWithTelemetryAndEndsWithIt() async throws {
        await #expect(processExitsWith: .success) {
            var configuration = Telemetry.Configuration(environment: ["CONTRAIL_WATCHDOG": "true"])
            configuration.exporters = []
            try await Telemetry.scoped(service: "test", configuration: configuration) { _ in
                #expect(await threadCountBecomes(1))
            }
            #expect(await threadCountBecomes(0))
            configuration.environment = [:]
            try await Telemetry.scoped(service: "test", configuration: configuration) { _ in
                #expect(ProcessCount.threads(named: "contrail-watch") == 0)
            }
        }
    }

    @Test(arguments: [0, 9]) func anIntervalThatIsTooShortIsRefused(milliseconds: Int) {
        var configuration = Telemetry.Configuration(environment: [:])
        configuration.watchdog = .init()
        configuration.watchdog?.interval = .milliseconds(milliseconds)
        #expect(throws: Telemetry.SetupError.self) {
            try TelemetrySettings(configuration, service: nil, detected: Telemetry.Resource())
        }
    }
}

private func block(_ gate: DispatchSemaphore) { gate.wait() }

/// The thread names itself when it runs, and is gone a moment after it was told to end.
private func threadCountBecomes(_ count: Int) async -> Bool {
    let time = SystemTime()
    for _ in 0..<1_000 where ProcessCount.threads(named: "contrail-watch") != count {
        try? await time.sleep(until: time.now + .milliseconds(10))
    }
    return ProcessCount.threads(named: "contrail-watch") == count
}

private final class Heard: Sendable {
    private struct State {
        var delays: [Duration] = []
        var warnings: [String] = []
    }

    private let state = Locked(State())

    var delays: [Duration] { state.withLock { $0.delays } }
    var warnings: [String] { state.withLock { $0.warnings } }

    func delay(_ delay: Duration) { state.withLock { $0.delays.append(delay) } }
    func warning(_ text: String) { state.withLock { $0.warnings.append(text) } }

    func waitForDelays(_ count: Int) async throws {
        while delays.count < count {
            try Task.checkCancellation()
            await Task.yield()
        }
        // Both are told one after the other, without a suspension between: once more round.
        for _ in 0..<100 { await Task.yield() }
    }
}

/// A clock that goes on by the same step whenever it is read.
private final class SteppingTime: TimeSource {
    private let step: Duration
    private let state = Locked(MonotonicInstant(nanoseconds: 0))

    init(_ step: Duration) { self.step = step }

    var now: MonotonicInstant {
        state.withLock { now in
            now = now + step
            return now
        }
    }
    var wallNanoseconds: Int64 { 0 }
    func sleep(until instant: MonotonicInstant) async throws { try Task.checkCancellation() }
}
