public import Tracing

extension Telemetry {
    /// Several propagators, asked in order (OTel Context, "Composite Propagator"). Each leaves alone what it cannot read, so
    /// a later one that finds something wins over an earlier one.
    public struct CompositePropagator: Propagator {
        private let propagators: [any Propagator]
        /// Asked for every request that is sent: the client has a shorter way for the usual case.
        let isStandard: Bool

        /// W3C Trace Context and Baggage: the default.
        public static let standard = CompositePropagator(
            [TraceContextPropagator(), BaggagePropagator()], isStandard: true)

        /// Reads and writes nothing.
        public static let none = CompositePropagator([])

        /// A propagator that asks `propagators`, in this order.
        public init(_ propagators: [any Propagator]) { self.init(propagators, isStandard: false) }

        private init(_ propagators: [any Propagator], isStandard: Bool) {
            self.propagators = propagators
            self.isStandard = isStandard
        }

        /// The fields of all, each once.
        public var fields: [String] {
            var seen: Set<String> = []
            return propagators.flatMap(\.fields).filter { seen.insert($0).inserted }
        }

        /// All of them read.
        public func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {
            for propagator in propagators { propagator.extract(carrier, into: &context, using: extractor) }
        }

        /// All of them write.
        public func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            for propagator in propagators { propagator.inject(context, into: &carrier, using: injector) }
        }
    }
}
