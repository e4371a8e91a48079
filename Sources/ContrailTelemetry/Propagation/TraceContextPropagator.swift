public import Tracing

extension Telemetry {
    /// Carries span contexts over HTTP as W3C Trace Context Level 2 says.
    public struct TraceContextPropagator: Propagator {
        /// The headers this propagator owns. Who uses a carrier again, for a retry, removes them first.
        public var fields: [String] { Self.fields }
        private static let fields = ["traceparent", "tracestate"]

        /// Makes a propagator. Free of cost.
        public init() {}

        /// The span that called us, from the values of the two headers as received; `nil` if there is no valid
        /// `traceparent`, which then starts a new trace.
        ///
        /// - Parameters:
        ///   - traceparent: its value. Several headers of this name, joined by commas, are not valid.
        ///   - tracestate: its value; several headers of this name are to be joined by commas, in order. An invalid
        ///     list is dropped without touching the rest (§3.3).
        public func extract(traceparent: String?, tracestate: String? = nil) -> SpanContext? {
            guard let traceparent, var context = TraceParent.parse(traceparent) else { return nil }
            if let tracestate { context.traceState = TraceState.sanitize(tracestate) }
            return context
        }

        /// Puts the caller's span into `context`. Without a valid `traceparent` the context stays as it is.
        public func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {
            guard let traceparent = extractor.extract(key: Self.fields[0], from: carrier) else { return }
            let tracestate = extractor.extract(key: Self.fields[1], from: carrier)
            guard let caller = extract(traceparent: traceparent, tracestate: tracestate) else { return }
            context.spanContext = caller
        }

        /// Writes the context's span into `carrier`, once per header, under lowercase names. An injector is expected to
        /// replace. Without a span nothing is written.
        public func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            guard let span = context.spanContext else { return }
            injector.inject(span.traceparent, forKey: Self.fields[0], into: &carrier)
            // An empty list is allowed on the wire but should not be sent (§3.3.1.1).
            guard let list = span.traceStateHeader else { return }
            injector.inject(list, forKey: Self.fields[1], into: &carrier)
        }
    }
}
