public import ContrailBase
import Synchronization
import Tracing

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
        private let endingProcessors: [any SpanEndingProcessor]
        let propagator: any Propagator
        let usesStandardPropagator: Bool
        private let notices: Notices

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
        ///   - propagator: carries span contexts and baggage between processes. Default: W3C Trace Context and Baggage.
        ///   - time: the clocks. Default: the machine's.
        ///   - report: is told, in a sentence and once per kind, what is wrong with how the SDK is used: limits reached, a
        ///     tracer without a name, a sampler that cannot rely on trace ids. Called on the thread where it is noticed: must
        ///     not block. Default: nobody is told.
        public init(
            resource: Resource, sampler: any Sampler = ParentBasedSampler(), processors: [any SpanProcessor],
            idGenerator: any IDGenerator = RandomIDGenerator(), limits: SpanLimits = SpanLimits(),
            propagator: any Propagator = CompositePropagator.standard, time: any TimeSource = SystemTime(),
            report: (@Sendable (String) -> Void)? = nil
        ) {
            self.resource = resource
            self.limits = limits
            sampling = SamplingRule(sampler)
            ids = IDSource(idGenerator)
            clock = SpanClock(time)
            self.processors = processors
            startProcessors = processors.filter { !($0 is BatchSpanProcessor || $0 is SimpleSpanProcessor) }
            endingProcessors = processors.compactMap { $0 as? any SpanEndingProcessor }
            self.propagator = propagator
            usesStandardPropagator = (propagator as? CompositePropagator)?.isStandard ?? false
            notices = Notices(report)
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
            if name.isEmpty {
                notices.tell(.unnamedTracer, "A tracer was asked for without a name: its scope is empty.")
            }
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

        func spanStarted(_ span: Span, in values: ServiceContext, parent: SpanContext?) {
            guard !startProcessors.isEmpty else { return }
            let context = values.withParent(parent)
            for processor in startProcessors { processor.onStart(span, in: context) }
        }

        func spanEnds(_ data: SpanData) {
            guard !endingProcessors.isEmpty else { return spanEnded(data) }
            var ending = EndingSpan(data, limits: limits)
            for processor in endingProcessors { processor.onEnding(&ending) }
            spanEnded(ending.data)
        }

        private func spanEnded(_ data: SpanData) {
            if data.hasLosses { noteLosses(data) }
            for processor in processors { processor.onEnd(data) }
        }

        func countAbandonedSpan() { abandoned.wrappingAdd(1, ordering: .relaxed) }

        func note(_ doubt: SamplingDoubt) { notices.tell(.doubtfulSampling, doubt.text) }

        private func noteLosses(_ data: SpanData) {
            notices.tell(
                .limitReached,
                """
                The span "\(data.name)" reached its limits: \(data.droppedAttributes) attributes, \(data.droppedEvents) \
                events, \(data.droppedLinks) links, or some of theirs, were left out. Later ones are counted, not told.
                """)
        }
    }
}

extension Telemetry.SpanData {
    /// True if a limit kept something out.
    fileprivate var hasLosses: Bool {
        droppedAttributes > 0 || droppedEvents > 0 || droppedLinks > 0
            || events.contains { $0.droppedAttributes > 0 } || links.contains { $0.droppedAttributes > 0 }
    }
}
