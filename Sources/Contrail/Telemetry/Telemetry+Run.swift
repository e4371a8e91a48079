import ContrailBase
public import ContrailTelemetry
import Synchronization
import Tracing
import UnixSignals

extension Telemetry {
    private static let isBootstrapped = Atomic(false)

    /// Makes our tracer the process's tracer and starts exporting. Once per process: a second call throws
    /// ``SetupError/alreadyBootstrapped``.
    ///
    /// - Parameters:
    ///   - service: the service's name; `nil`: the configuration's, else OTEL_SERVICE_NAME.
    ///   - configuration: everything else.
    /// - Returns: a service for a `ServiceGroup`, which flushes when it ends.
    @discardableResult
    public static func bootstrap(
        service: String? = nil, configuration: Configuration = Configuration()
    ) throws -> Runtime {
        let isFirst = isBootstrapped.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
        guard isFirst, InstrumentationSystem.instrument is NoOpInstrument else { throw SetupError.alreadyBootstrapped }
        do {
            let runtime = try Runtime(configuration, service: service)
            InstrumentationSystem.bootstrap(runtime.tracer)
            return runtime
        } catch {
            isBootstrapped.store(false, ordering: .relaxed)
            throw error
        }
    }

    /// ``bootstrap(service:configuration:)`` for the length of `body`, with everything flushed at its end: on return, on
    /// an error, on cancellation, and on SIGTERM and SIGINT, which cancel `body` first. Takes at most `shutdownTimeout`
    /// longer than `body`; says on the standard error stream how many spans were lost, if any were.
    ///
    /// Throws what `body` throws, and ``SetupError``.
    public static func run<Result: Sendable>(
        service: String? = nil, configuration: Configuration = Configuration(),
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let runtime = try bootstrap(service: service, configuration: configuration)
        return try await runtime.whileRunning(configuration, body)
    }

    /// As ``run(service:configuration:_:)``, but only for the tasks inside `body`: for tests, several at a time. Signals are
    /// left alone.
    public static func scoped<Result: Sendable>(
        service: String? = nil, configuration: Configuration = Configuration(),
        _ body: @escaping @Sendable (Runtime) async throws -> Result
    ) async throws -> Result {
        var configuration = configuration
        configuration.flushesOnSignals = false
        let runtime = try Runtime(configuration, service: service)
        return try await withTracer(runtime.tracer) {
            try await runtime.whileRunning(configuration) { try await body(runtime) }
        }
    }
}

extension Telemetry.Runtime {
    func whileRunning<Result: Sendable>(
        _ configuration: Telemetry.Configuration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let signals = configuration.flushesOnSignals ? TerminationSignals() : nil
        let giveUp: @Sendable (UnixSignal) async -> Never = { [self] signal in
            await shutdown()
            signal.endProcess()
        }
        let ending = await signals.whileRunning(grace: configuration.shutdownTimeout, giveUp: giveUp, body)
        await shutdown()
        if let signal = ending.signal { signal.endProcess() }
        return try ending.outcome.get()
    }
}
