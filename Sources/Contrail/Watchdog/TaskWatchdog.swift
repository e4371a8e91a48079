import ContrailBase
import ContrailTelemetry
import Dispatch

/// Watches from a thread of its own whether tasks are run in time: once per interval it makes a task that does nothing, and
/// measures how long that takes to run. Wakes up once per interval, and not at all once it is stopped.
final class TaskWatchdog: Sendable {
    typealias Settings = Telemetry.Configuration.Watchdog

    private let pulse: Locked<TaskPulse>
    private let settings: Settings
    private let time: any TimeSource
    private let measure: @Sendable (Duration) -> Void
    private let warn: (@Sendable (String) -> Void)?
    private let stopped = DispatchSemaphore(value: 0)

    /// Nothing happens before ``start()``.
    ///
    /// - Parameters:
    ///   - measure: hears every delay.
    ///   - warn: hears what is too long, at most once per `warningInterval`; `nil`: nobody.
    init(
        _ settings: Settings, time: any TimeSource, measure: @escaping @Sendable (Duration) -> Void,
        warn: (@Sendable (String) -> Void)?
    ) {
        self.settings = settings
        self.time = time
        self.measure = measure
        self.warn = warn
        pulse = Locked(TaskPulse(threshold: settings.threshold, warningInterval: settings.warningInterval))
    }

    /// Begins; without a thread to be had it does nothing. Once only.
    func start() {
        _ = OwnThread.start(name: "contrail-watch") { [self] in
            let interval = DispatchTimeInterval.nanoseconds(Int(clamping: settings.interval.wholeNanoseconds))
            repeat { tick() } while stopped.wait(timeout: .now() + interval) == .timedOut
        }
    }

    /// Ends at once. Idempotent.
    func stop() { stopped.signal() }

    /// What the thread does once per interval.
    func tick() {
        switch pulse.withLock({ $0.tick(at: time.now) }) {
        // Detached: on the pool that runs all tasks, whatever this thread is.
        case .beat: Task.detached { [self] in answer() }
        case .wait: break
        case .warn(let delay): warn?(Self.warning(delay, isOver: false))
        }
    }

    private func answer() {
        guard let answer = pulse.withLock({ $0.answered(at: time.now) }) else { return }
        measure(answer.delay)
        if answer.warns { warn?(Self.warning(answer.delay, isOver: true)) }
    }

    private static func warning(_ delay: Duration, isOver: Bool) -> String {
        let seconds = Double(Int64(delay.inSeconds * 1000)) / 1000
        return "A task that was ready \(isOver ? "waited" : "has been waiting") \(seconds) s for a thread: something "
            + "blocks those that run tasks (sleep, locks, synchronous I/O, long computations). Every call and every "
            + "timeout waits as long. Put what blocks into `try await offload { … }`."
    }
}

extension Telemetry.Configuration {
    /// When the threads that run tasks count as blocked.
    public struct Watchdog: Sendable, Hashable {
        /// How often it looks; a wake-up of a thread each time. Default 1 s, at least 10 ms.
        public var interval: Duration = .seconds(1)
        /// How long a task that is ready may wait for a thread before that is worth a warning. Default 250 ms: far beyond
        /// a busy machine's delays, far below what timeouts bear.
        public var threshold: Duration = .milliseconds(250)
        /// The shortest time between two warnings. Default 60 s.
        public var warningInterval: Duration = .seconds(60)

        /// The defaults.
        public init() {}

        func validated() throws -> Self {
            guard interval >= .milliseconds(10), threshold > .zero, warningInterval >= .zero else {
                throw Telemetry.SetupError.configuration(
                    "The watchdog's interval is \(interval), at least 10 ms; its threshold \(threshold), more than zero; "
                        + "its warningInterval \(warningInterval), at least zero.")
            }
            return self
        }
    }
}
