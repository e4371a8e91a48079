public import Tracing

extension Telemetry {
    /// Makes the spans of one instrumentation library (OTel Trace API, "Tracer").
    ///
    /// It works with swift-distributed-tracing; its own `startSpan` methods take attributes and links at the start, where
    /// samplers see them, and cost less.
    public final class Tracer: Sendable {
        /// The library.
        public let scope: Scope
        let provider: TracerProvider

        init(provider: TracerProvider, scope: Scope) {
            self.provider = provider
            self.scope = scope
        }

        /// False if a span would go nowhere: there is no processor, or the provider was shut down. Asking lets an
        /// instrumentation skip work; it need not.
        public var isEnabled: Bool { !provider.isShutDown && !provider.processors.isEmpty }

        /// Starts a span as a child of the span in `context`, or as a root.
        ///
        /// - Parameters:
        ///   - name: the name; low cardinality.
        ///   - context: where it starts. What else is in it travels on in the span's own context.
        ///   - kind: its role. Default: inside one process.
        ///   - attributes: what is known now. Of several with the same key the last one wins.
        ///   - links: spans that belong to it.
        ///   - nanoseconds: when it started, since 1970-01-01 UTC. Default: now.
        public func startSpan(
            _ name: String, in context: ServiceContext, kind: SpanData.Kind = .internal,
            attributes: [Attribute] = [], links: [SpanData.Link] = [], atNanoseconds nanoseconds: UInt64? = nil
        ) -> Span {
            startSpan(
                name, parent: context.spanContext, values: context, kind: kind, attributes: attributes, links: links,
                atNanoseconds: nanoseconds)
        }

        /// Starts a span as a child of `parent`, or as a root, without a look into a context.
        ///
        /// - Parameters:
        ///   - name: the name; low cardinality.
        ///   - parent: the parent; `nil` makes a root. It wins over a span in `values`.
        ///   - values: what else travels on in the span's own context. Default: nothing.
        ///   - kind: its role. Default: inside one process.
        ///   - attributes: what is known now. Of several with the same key the last one wins.
        ///   - links: spans that belong to it.
        ///   - nanoseconds: when it started, since 1970-01-01 UTC. Default: now.
        public func startSpan(
            _ name: String, parent: SpanContext?, values: ServiceContext = .topLevel,
            kind: SpanData.Kind = .internal, attributes: [Attribute] = [], links: [SpanData.Link] = [],
            atNanoseconds nanoseconds: UInt64? = nil
        ) -> Span {
            var list: AttributeList?
            let (context, sampling) = sample(name, parent, values, kind, links) {
                let limited = limited(attributes)
                list = limited
                return limited.elements
            }
            guard sampling.decision != .drop else { return unrecorded(name, context, parent, values, kind) }
            return start(
                name, context, sampling, parent, values, kind, links, nanoseconds, list ?? limited(attributes))
        }

        /// As the public method, for callers that know the keys of `attributes` to be unique: they are not compared.
        /// Hand over an array with room for the attributes to come, and no other reference to it, and it never grows.
        package func startSpan(
            _ name: String, parent: SpanContext?, values: ServiceContext = .topLevel, kind: SpanData.Kind,
            uniqueAttributes attributes: consuming [Attribute], links: [SpanData.Link] = [],
            atNanoseconds nanoseconds: UInt64? = nil
        ) -> Span {
            let limits = provider.limits
            let list = AttributeList(
                unique: attributes, maxCount: limits.attributes, maxLength: limits.attributeValueLength)
            let (context, sampling) = sample(name, parent, values, kind, links) { list.elements }
            guard sampling.decision != .drop else { return unrecorded(name, context, parent, values, kind) }
            return start(name, context, sampling, parent, values, kind, links, nanoseconds, list)
        }

        /// Which propagator carries this tracer's spans: the standard one has a fast path of its own in the client.
        package var propagator: any Propagator { provider.propagator }
        /// True if that is ``CompositePropagator/standard``.
        package var usesStandardPropagator: Bool { provider.usesStandardPropagator }

        private func limited(_ attributes: [Attribute]) -> AttributeList {
            let limits = provider.limits
            return AttributeList(attributes, maxCount: limits.attributes, maxLength: limits.attributeValueLength)
        }

        /// In the order of the specification: trace id, sampler, span id (OTel Trace SDK, "Span Creation").
        ///
        /// - Parameter attributes: asked for if a sampler looks at them; of a dropped span they would be most of what it costs.
        private func sample(
            _ name: String, _ parent: SpanContext?, _ values: ServiceContext, _ kind: SpanData.Kind,
            _ links: [SpanData.Link], _ attributes: () -> [Attribute]
        ) -> (SpanContext, SamplingResult) {
            let traceID = parent?.traceID ?? provider.ids.makeTraceID()
            let sampling =
                provider.isShutDown
                ? SamplingResult(.drop)
                : provider.sampling.result(
                    parent: parent, values: values, traceID,
                    SamplingCandidate(
                        parent: parent, context: values.withParent(parent), traceID: traceID, name: name, kind: kind,
                        attributes: attributes(), links: links))
            if let doubt = provider.sampling.doubt(below: parent) { provider.note(doubt) }
            return (spanContext(traceID, parent: parent, sampling), sampling)
        }

        private func unrecorded(
            _ name: String, _ context: SpanContext, _ parent: SpanContext?, _ values: ServiceContext,
            _ kind: SpanData.Kind
        ) -> Span {
            Span(
                context, tracer: self, record: SpanRecord(name: name), parent: parent, origin: values, kind: kind,
                startNanoseconds: 0, monotonicStart: nil, isRecordable: false)
        }

        private func start(
            _ name: String, _ context: SpanContext, _ sampling: SamplingResult, _ parent: SpanContext?,
            _ values: ServiceContext, _ kind: SpanData.Kind, _ links: [SpanData.Link], _ nanoseconds: UInt64?,
            _ attributes: consuming AttributeList
        ) -> Span {
            var record = SpanRecord(name: name, attributes: attributes)
            let limits = provider.limits
            for attribute in sampling.attributes {
                record.setAttribute(attribute.key, attribute.value, limits: limits)
            }
            for link in links { record.addLink(link.limited(by: limits), limits: limits) }
            let span = Span(
                context, tracer: self, record: consume record, parent: parent, origin: values, kind: kind,
                startNanoseconds: nanoseconds ?? provider.clock.wallNanoseconds,
                monotonicStart: nanoseconds == nil ? provider.clock.monotonicNanoseconds : nil, isRecordable: true)
            provider.spanStarted(span, in: values, parent: parent)
            return span
        }

        /// A child keeps the random flag as it is; a root gets it from the generator (W3C Trace Context Level 2 §3.2.2.5.2).
        private func spanContext(
            _ traceID: TraceID, parent: SpanContext?, _ sampling: SamplingResult
        ) -> SpanContext {
            let kept = parent.map { $0.flags.intersection(.random) } ?? provider.ids.rootFlags
            return SpanContext(
                traceID: traceID, spanID: provider.ids.makeSpanID(),
                flags: sampling.decision == .recordAndSample ? kept.union(.sampled) : kept,
                traceState: sampling.traceState.map { TraceState.sanitize($0) } ?? parent?.traceState ?? "")
        }
    }
}

extension ServiceContext {
    /// The context as samplers and processors see it: the parent counts, also where it was given by itself.
    func withParent(_ parent: Telemetry.SpanContext?) -> ServiceContext {
        guard spanContext != parent else { return self }
        var context = self
        context.spanContext = parent
        return context
    }
}
