public import ContrailBase
import Synchronization

extension Telemetry {
    /// Owns what all tracers share, and ends it (OTel Trace SDK, "Tracer Provider").
    ///
    /// Its settings never change, and apply to every tracer it has handed out.
    public final class TracerProvider: Sendable {
        /// What produces the spans.
        public let resource: Resource
        let limits: SpanLimits
        let sampling: SamplingRule
        let ids: IDSource
        let clock: SpanClock
        let processors: [any SpanProcessor]
        /// Those that want to hear of starts. The SDK's own do not, and are most of them.
        private let startProcessors: [any SpanProcessor]

        private let closed = Atomic(false)
        private let abandoned = Atomic(0)
        private let closing = Locked<Task<FlushResult, Never>?>(nil)

        /// Makes a provider.
        ///
        /// - Parameters:
        ///   - resource: what produces the spans. Processors that export are given it themselves.
        ///   - sampler: decides which spans are recorded. Default: as the parent, and every root.
        ///   - processors: get each recorded span, in this order. Without any, spans go nowhere.
        ///   - idGenerator: makes ids. Default: pseudo-random.
        ///   - limits: how much a span may hold. Default: those of the specification.
        ///   - time: the clocks. Default: the machine's.
        public init(
            resource: Resource, sampler: any Sampler = ParentBasedSampler(), processors: [any SpanProcessor],
            idGenerator: any IDGenerator = RandomIDGenerator(), limits: SpanLimits = SpanLimits(),
            time: any TimeSource = SystemTime()
        ) {
            self.resource = resource
            self.limits = limits
            sampling = SamplingRule(sampler)
            ids = IDSource(idGenerator)
            clock = SpanClock(time)
            self.processors = processors
            startProcessors = processors.filter { !($0 is BatchSpanProcessor || $0 is SimpleSpanProcessor) }
        }

        /// A tracer for one instrumentation library (OTel Trace API, "Get a Tracer").
        ///
        /// - Parameters:
        ///   - name: the library's name. An empty one works, and says nothing.
        ///   - version: the library's version.
        ///   - schemaURL: the schema its attribute names follow.
        ///   - attributes: more about the library.
        public func tracer(
            name: String, version: String = "", schemaURL: String = "", attributes: [Attribute] = []
        ) -> Tracer {
            let scope = Scope(name: name, version: version, schemaURL: schemaURL, attributes: attributes)
            return Tracer(provider: self, scope: scope)
        }

        /// True after ``shutdown(timeout:)`` began: spans are not recorded any more, but contexts still travel on.
        public var isShutDown: Bool { closed.load(ordering: .relaxed) }

        /// Recorded spans that nobody ended before the last reference to them was gone. They are never exported.
        public var abandonedSpans: Int { abandoned.load(ordering: .relaxed) }

        /// Has everything exported that ended before this call.
        ///
        /// Does not react to cancellation, so that a task that is being cancelled can still flush; `timeout` bounds it.
        public func forceFlush(timeout: Duration = .seconds(30)) async -> FlushResult {
            let processors = processors
            return await Task.detached {
                await Self.onAll(processors) { await $0.forceFlush(timeout: timeout) }
            }.value
        }

        /// Exports what is pending and ends all processors; once. A second call waits for the first one's end and its own
        /// timeout is ignored. From now on tracers hand out spans that are not recorded.
        ///
        /// Does not react to cancellation; `timeout` bounds it.
        public func shutdown(timeout: Duration = .seconds(5)) async -> FlushResult {
            closed.store(true, ordering: .relaxed)
            let processors = processors
            let task = closing.withLock { task in
                let running =
                    task ?? Task.detached { await Self.onAll(processors) { await $0.shutdown(timeout: timeout) } }
                task = running
                return running
            }
            return await task.value
        }

        /// All at once, so that one that hangs does not use up the others' time. The worst result counts.
        private static func onAll(
            _ processors: [any SpanProcessor], _ work: @escaping @Sendable (any SpanProcessor) async -> FlushResult
        ) async -> FlushResult {
            await withTaskGroup(of: FlushResult.self) { group in
                for processor in processors { group.addTask { await work(processor) } }
                return await group.reduce(.success) { $0.worse($1) }
            }
        }

        func spanStarted(_ span: Span, parent: SpanContext?) {
            for processor in startProcessors { processor.onStart(span, parent: parent) }
        }

        func spanEnded(_ data: SpanData) {
            for processor in processors { processor.onEnd(data) }
        }

        func countAbandonedSpan() { abandoned.wrappingAdd(1, ordering: .relaxed) }
    }
}
