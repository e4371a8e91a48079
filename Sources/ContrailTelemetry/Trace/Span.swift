import ContrailBase
public import Tracing

extension Telemetry {
    /// A span while it is being made (OTel Trace API, "Span"). Every method may be called from any thread.
    ///
    /// A span that is not recorded, because it was sampled out or its provider was shut down, ignores what it is told but
    /// still has ids of its own, so that whoever it calls stays in the trace. After the end nothing changes any more.
    public final class Span: Sendable {
        /// The ids and flags of this span. Readable and usable as a parent after the end too.
        public let spanContext: SpanContext
        /// The parent's id; `nil` for a root.
        public let parentSpanID: SpanID?
        /// True if the parent is in another process.
        public let parentIsRemote: Bool
        /// The span's role.
        public let kind: SpanData.Kind
        /// Start, in nanoseconds since 1970-01-01 UTC; 0 for a span that is not recorded.
        public let startNanoseconds: UInt64

        let tracer: Tracer
        /// False for a span that was sampled out: it never takes the lock to ignore something, and its users see that without
        /// a call.
        @usableFromInline let isRecordable: Bool
        /// Where the monotonic clock stood at the start; `nil` if the caller said when the span started.
        private let monotonicStart: Int64?
        private let state: Locked<State>

        private struct State {
            var record: SpanRecord
            /// The context the span was started in: what else travels with it.
            var origin: ServiceContext
        }

        init(
            _ spanContext: SpanContext, tracer: Tracer, record: consuming SpanRecord, parent: SpanContext?,
            origin: ServiceContext, kind: SpanData.Kind, startNanoseconds: UInt64, monotonicStart: Int64?,
            isRecordable: Bool
        ) {
            self.spanContext = spanContext
            parentSpanID = parent?.spanID
            parentIsRemote = parent?.isRemote ?? false
            self.kind = kind
            self.startNanoseconds = startNanoseconds
            self.monotonicStart = monotonicStart
            self.tracer = tracer
            self.isRecordable = isRecordable
            state = Locked(State(record: record, origin: origin))
        }

        deinit {
            guard isRecordable, !state.withLock({ $0.record.isEnded }) else { return }
            tracer.provider.countAbandonedSpan()
        }

        /// Sets an attribute; one of the same key is replaced. Ignored if `key` is empty.
        /// Cost: no allocation beyond the list's growth.
        @inlinable
        public func setAttribute(_ key: String, _ value: AttributeValue) {
            guard isRecordable else { return }
            record(key, value)
        }

        @usableFromInline
        func record(_ key: String, _ value: AttributeValue) { update { $0.setAttribute(key, value, limits: $1) } }

        /// Sets several attributes under one lock.
        public func setAttributes(_ attributes: [Attribute]) {
            update { $0.setAttributes(attributes, limits: $1) }
        }

        /// Adds an event.
        public func addEvent(_ event: SpanData.Event) {
            guard isRecordable else { return }
            let event = event.limited(by: tracer.provider.limits)
            update { $0.addEvent(event, limits: $1) }
        }

        /// Adds a link to another span. Links given at the start are better: samplers see them.
        public func addLink(_ link: SpanData.Link) {
            guard isRecordable else { return }
            let link = link.limited(by: tracer.provider.limits)
            update { $0.addLink(link, limits: $1) }
        }

        /// Says how it went. `ok` is final; `unset` is ignored (OTel Trace API, "Set Status").
        public func setStatus(_ status: SpanData.Status) { update { record, _ in record.setStatus(status) } }

        /// The name; low cardinality. Settable until the span ends.
        public var operationName: String {
            get { state.withLock { $0.record.name } }
            set { update { record, _ in if !record.isEnded { record.name = newValue } } }
        }

        /// True until the span ends, if it records at all.
        public var isRecording: Bool { isRecordable && !state.withLock { $0.record.isEnded } }

        /// The attributes as swift-distributed-tracing knows them. To set one, ``setAttribute(_:_:)`` costs less.
        public var attributes: SpanAttributes {
            get { isRecordable ? state.withLock { $0.record.attributesView() } : SpanAttributes() }
            set {
                guard isRecordable else { return }
                let resolved = newValue.resolvingDescriptions()
                update { $0.replaceAttributes(resolved, limits: $1) }
            }
        }

        /// The context in which this span's children and requests run: that of its start, with this span as the current one.
        /// Cost: builds a dictionary each time. ``spanContext`` is free.
        public var context: ServiceContext {
            var context = state.withLock { $0.origin }
            context[SpanContextKey.self] = isRecordable ? .span(self) : .context(SpanContextBox(spanContext))
            return context
        }

        /// Ends the span now. Does no I/O. Ending twice does nothing.
        ///
        /// The end is the start plus what the monotonic clock says, so a jump of the wall clock spoils no duration.
        public func end() {
            guard isRecordable else { return }
            guard let monotonicStart else { return finish(tracer.provider.clock.wallNanoseconds) }
            let elapsed = tracer.provider.clock.monotonicNanoseconds &- monotonicStart
            finish(startNanoseconds &+ UInt64(clamping: elapsed))
        }

        /// Ends the span at a given time, in nanoseconds since 1970-01-01 UTC; not before its start. Ending twice does nothing.
        public func end(atNanoseconds nanoseconds: UInt64) {
            guard isRecordable else { return }
            finish(nanoseconds)
        }

        /// Ends the span with its last attributes and a status, under one lock. The keys that `fill` appends are unique, also
        /// beside the `known` attributes that the span was started with.
        package func end(
            atNanoseconds nanoseconds: UInt64, status: SpanData.Status = .unset, after known: Int,
            _ fill: (inout [Attribute]) -> Void
        ) {
            guard isRecordable else { return }
            finish(nanoseconds) { record, limits in
                record.appendAttributes(after: known, limits: limits, fill)
                record.setStatus(status)
            }
        }

        private func finish(
            _ nanoseconds: UInt64, _ complete: (inout SpanRecord, SpanLimits) -> Void = { _, _ in }
        ) {
            let limits = tracer.provider.limits
            let end = max(nanoseconds, startNanoseconds)
            let ended: Ended? = state.withLock { state in
                if !state.record.isEnded { complete(&state.record, limits) }
                guard state.record.end(atNanoseconds: end) else { return nil }
                let attributes = state.record.attributes(limits: limits)
                let origin = state.origin
                if !origin.isEmpty { state.origin = origin.withoutActiveSpan() }
                return Ended(data: data(state.record, attributes, endNanoseconds: end), origin: origin)
            }
            if let ended { tracer.provider.spanEnds(ended.data) }
        }

        /// The origin is carried out of the lock so that what it releases is released there.
        private struct Ended {
            let data: SpanData
            let origin: ServiceContext
        }

        private func data(_ record: SpanRecord, _ attributes: AttributeList, endNanoseconds: UInt64) -> SpanData {
            SpanData(
                context: spanContext, parentSpanID: parentSpanID, parentIsRemote: parentIsRemote, kind: kind,
                startNanoseconds: startNanoseconds, endNanoseconds: endNanoseconds, record: record,
                attributes: attributes, scope: tracer.scope)
        }

        private func update(_ change: (inout SpanRecord, SpanLimits) -> Void) {
            guard isRecordable else { return }
            state.withLock { change(&$0.record, tracer.provider.limits) }
        }
    }
}

extension ServiceContext {
    /// This context without a reference to a live span.
    ///
    /// An ended span must not keep its parent alive, or a task that starts its successor from inside its own span,
    /// for ever, would build an endless chain. The parent's ids stay.
    fileprivate func withoutActiveSpan() -> ServiceContext {
        guard case .span(let span) = self[SpanContextKey.self] else { return self }
        // The only entry, usually: then no dictionary has to be copied.
        guard count > 1 else { return .topLevel }
        var context = self
        context.spanContext = span.spanContext
        return context
    }
}
