public import Tracing

extension Telemetry {
    /// Carries baggage over HTTP as W3C Baggage says.
    ///
    /// At most 64 entries and 8192 bytes travel, in both directions; entries beyond that are left out whole.
    public struct BaggagePropagator: Propagator {
        /// Makes a propagator. Free of cost.
        public init() {}

        /// `baggage`.
        public var fields: [String] { [Self.field] }
        private static let field = "baggage"

        /// Replaces the context's baggage by what the caller sent; without a valid entry there the context stays as it is.
        public func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {
            guard let header = extractor.extract(key: Self.field, from: carrier) else { return }
            let baggage = BaggageHeader.parse(header)
            if !baggage.isEmpty { context.baggage = baggage }
        }

        /// Writes the context's baggage. Entries that cannot be sent are left out; without any nothing is written.
        public func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            guard let header = context.baggageHeader else { return }
            injector.inject(header, forKey: Self.field, into: &carrier)
        }
    }
}

extension ServiceContext {
    /// The `baggage` header of a request that is made in this context; `nil` if there is nothing to be sent.
    package var baggageHeader: String? { baggage.flatMap { BaggageHeader.format($0) } }
}
