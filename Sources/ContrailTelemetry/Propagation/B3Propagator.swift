public import Tracing

extension Telemetry {
    /// Carries span contexts as Zipkin's B3 headers (OTel Context, "B3 Requirements").
    ///
    /// It reads both forms, the single header first, and writes the one it was made for. Trace ids of 64 bits are padded with
    /// zeros. What B3 can say beyond a span, that a trace is not wanted, wanted, left to us, or being debugged, is kept in the
    /// context's ``ServiceContext/requestedSampling`` and said again.
    public struct B3Propagator: Propagator {
        /// Which headers are written.
        public enum Form: Sendable, Hashable {
            /// `b3`.
            case single
            /// `x-b3-traceid` and its likes.
            case multi
        }

        private let form: Form

        /// Makes a propagator.
        ///
        /// - Parameter form: which headers are written. Default: the single one.
        public init(_ form: Form = .single) { self.form = form }

        /// The headers that this form writes.
        public var fields: [String] {
            switch form {
            case .single: [B3Header.single]
            case .multi: [B3Header.traceID, B3Header.spanID, B3Header.sampled, B3Header.flags]
            }
        }

        /// Reads `b3`, and if that is missing or not valid the multiple headers.
        public func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {
            let single = extractor.extract(key: B3Header.single, from: carrier).flatMap { B3Header.parse($0) }
            let found =
                single
                ?? B3Header.parse(
                    traceID: extractor.extract(key: B3Header.traceID, from: carrier),
                    spanID: extractor.extract(key: B3Header.spanID, from: carrier),
                    sampled: extractor.extract(key: B3Header.sampled, from: carrier),
                    flags: extractor.extract(key: B3Header.flags, from: carrier))
            guard let found else { return }
            if let spanContext = found.spanContext { context.spanContext = spanContext }
            context.requestedSampling = found.requested
        }

        /// Writes the context's span, or, if there is none, what was asked for without one. Never the parent's id.
        public func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            let wish = B3Wish(context)
            switch form {
            case .single:
                guard let header = wish.singleHeader else { return }
                injector.inject(header, forKey: B3Header.single, into: &carrier)
            case .multi:
                for (name, value) in wish.headers { injector.inject(value, forKey: name, into: &carrier) }
            }
        }
    }
}

/// What a context says in B3's terms.
struct B3Wish {
    private let span: Telemetry.SpanContext?
    /// `0`, `1` or `d`; `nil`: the receiver decides.
    private let state: String?

    init(_ context: ServiceContext) {
        let span = context.spanContext
        self.span = span
        state =
            switch context.requestedSampling {
            case .debug: "d"
            // Only the span that the caller sent is undecided: one of ours has been decided about.
            case .deferred where span?.isRemote ?? false: nil
            case .denied where span == nil: "0"
            case .accepted where span == nil: "1"
            case .deferred, .denied, .accepted, nil: span.map { $0.flags.contains(.sampled) ? "1" : "0" }
            }
    }

    var singleHeader: String? {
        guard let span else { return state }
        let ids = "\(span.traceID)-\(span.spanID)"
        return state.map { "\(ids)-\($0)" } ?? ids
    }

    var headers: [(String, String)] {
        var headers: [(String, String)] = []
        if let span {
            headers = [(B3Header.traceID, "\(span.traceID)"), (B3Header.spanID, "\(span.spanID)")]
        }
        switch state {
        // Debug implies the decision, which is then not sent.
        case "d": headers.append((B3Header.flags, "1"))
        case let state?: headers.append((B3Header.sampled, state))
        case nil: break
        }
        return headers
    }
}
