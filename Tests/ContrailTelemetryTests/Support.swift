import ContrailBase
import ContrailTelemetry
import Tracing

/// Keeps what it is given and answers as it is told.
final class RecordingExporter: Telemetry.SpanExporter {
    private struct State {
        var batches: [[Telemetry.SpanData]] = []
        var running = 0
        var maxRunning = 0
        var shutdowns = 0
    }

    private let state = Locked(State())
    private let answer: @Sendable ([Telemetry.SpanData]) async -> Telemetry.ExportResult

    init(
        _ answer: @escaping @Sendable ([Telemetry.SpanData]) async -> Telemetry.ExportResult = {
            Telemetry.ExportResult(acknowledged: $0.count)
        }
    ) {
        self.answer = answer
    }

    var batches: [[Telemetry.SpanData]] { state.withLock { $0.batches } }
    var spans: [Telemetry.SpanData] { batches.flatMap { $0 } }
    var maxRunning: Int { state.withLock { $0.maxRunning } }
    var shutdowns: Int { state.withLock { $0.shutdowns } }

    func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
        state.withLock { state in
            state.batches.append(spans)
            state.running += 1
            state.maxRunning = max(state.maxRunning, state.running)
        }
        let result = await answer(spans)
        state.withLock { $0.running -= 1 }
        return result
    }

    func shutdown() async { state.withLock { $0.shutdowns += 1 } }
}

/// Keeps ended spans, at once and in order, also those that are not sampled.
final class RecordingProcessor: Telemetry.SpanProcessor {
    private struct State {
        var started: [(name: String, parent: Telemetry.SpanContext?)] = []
        var ended: [Telemetry.SpanData] = []
        var shutdowns = 0
    }

    private let state = Locked(State())

    var started: [String] { state.withLock { $0.started.map(\.name) } }
    var startedBelow: [Telemetry.SpanContext?] { state.withLock { $0.started.map(\.parent) } }
    var ended: [Telemetry.SpanData] { state.withLock { $0.ended } }
    var shutdowns: Int { state.withLock { $0.shutdowns } }

    func onStart(_ span: Telemetry.Span, in context: ServiceContext) {
        let (name, parent) = (span.operationName, context.spanContext)
        state.withLock { $0.started.append((name, parent)) }
    }
    func onEnd(_ span: Telemetry.SpanData) { state.withLock { $0.ended.append(span) } }
    func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { .success }
    func shutdown(timeout: Duration) async -> Telemetry.FlushResult {
        state.withLock { $0.shutdowns += 1 }
        return .success
    }
}

/// A gate that is closed until a test opens it; who waits is let go on cancellation too.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    func open() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.isOpen = true
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Suspends until the gate is open. Deaf to cancellation.
    func pass() async {
        await withCheckedContinuation { waiter in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(waiter) }
                return state.isOpen
            }
            if isOpen { waiter.resume() }
        }
    }

    /// Suspends until the gate is open or the task is cancelled.
    func passUnlessCancelled() async {
        await withTaskCancellationHandler {
            await pass()
        } onCancel: {
            open()
        }
    }
}

/// Headers in a dictionary.
struct HeaderCarrier: Extractor, Injector {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}

/// Always the same answer.
struct FixedSampler: Telemetry.Sampler {
    let result: Telemetry.SamplingResult
    var description: String { "FixedSampler" }
    func sample(_ candidate: Telemetry.SamplingCandidate) -> Telemetry.SamplingResult { result }
}

/// A tracer whose ended spans can be looked at.
struct Fixture {
    let processor = RecordingProcessor()
    let provider: Telemetry.TracerProvider
    let tracer: Telemetry.Tracer

    init(
        sampler: any Telemetry.Sampler = Telemetry.ParentBasedSampler(),
        limits: Telemetry.SpanLimits = Telemetry.SpanLimits(), time: any TimeSource = SystemTime()
    ) {
        provider = Telemetry.TracerProvider(
            resource: Telemetry.Resource(), sampler: sampler, processors: [processor], limits: limits, time: time)
        tracer = provider.tracer(name: "test", version: "1")
    }

    var ended: [Telemetry.SpanData] { processor.ended }
}

func makeSpanContext(
    _ flags: Telemetry.TraceFlags = [.sampled, .random], state: String = "", isRemote: Bool = false
) -> Telemetry.SpanContext {
    Telemetry.SpanContext(
        traceID: Telemetry.TraceID(bits: 0x0AF7_6519_16CD_43DD, 0x8448_EB21_1C80_319C),
        spanID: Telemetry.SpanID(bits: 0xB7AD_6B71_6920_3331), flags: flags, traceState: state, isRemote: isRemote)
}

func makeSpanData(_ name: String, flags: Telemetry.TraceFlags = .sampled) -> Telemetry.SpanData {
    Telemetry.SpanData(
        context: makeSpanContext(flags), name: name, startNanoseconds: 1, endNanoseconds: 2,
        scope: Telemetry.Scope(name: "test"))
}
