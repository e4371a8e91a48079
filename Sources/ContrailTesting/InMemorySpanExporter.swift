import ContrailBase
public import ContrailTelemetry

/// Keeps exported spans in memory, for tests (OTel Trace SDK, "In-memory exporter").
///
/// ```swift
/// let exporter = InMemorySpanExporter()
/// let provider = Telemetry.TracerProvider(
///     resource: .init(), processors: [Telemetry.BatchSpanProcessor(exporter: exporter, resource: .init())])
/// provider.tracer(name: "shop").startSpan("pay", parent: nil).end()
/// _ = await provider.forceFlush()
/// #expect(exporter.spans.map(\.name) == ["pay"])
/// ```
public final class InMemorySpanExporter: Telemetry.SpanExporter {
    private struct State {
        var spans: [Telemetry.SpanData] = []
        var isShutDown = false
    }

    private let maxSpans: Int
    private let state = Locked(State())

    /// Makes an exporter.
    ///
    /// - Parameter maxSpans: how many it keeps; what comes later is refused and counts as dropped. Default 100,000.
    public init(maxSpans: Int = 100_000) { self.maxSpans = max(0, maxSpans) }

    /// The spans exported so far, in order. Still there after the shutdown.
    public var spans: [Telemetry.SpanData] { state.withLock { $0.spans } }

    /// Forgets the spans.
    public func reset() {
        let forgotten = state.withLock { state in
            defer { state.spans = [] }
            return state.spans
        }
        // Released here, out of the lock.
        _ = forgotten
    }

    /// Keeps the spans, as far as there is room; none after the shutdown.
    public func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
        state.withLock { state in
            let room = state.isShutDown ? 0 : max(0, maxSpans - state.spans.count)
            let kept = spans.prefix(room)
            state.spans += kept
            let problem = state.isShutDown ? "The exporter was shut down." : "The exporter is full."
            return Telemetry.ExportResult(
                acknowledged: kept.count, dropped: spans.count - kept.count,
                problem: kept.count < spans.count ? problem : nil)
        }
    }

    /// Refuses everything from now on.
    public func shutdown() async { state.withLock { $0.isShutDown = true } }
}
