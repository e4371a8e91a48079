public import Tracing

extension Telemetry {
    /// Carries what belongs to a trace from one process to the next (OTel Context, "TextMapPropagator"). One protocol for
    /// your own formats and for those of this library.
    ///
    /// Carriers and their access are those of swift-distributed-tracing: an `Injector` replaces the value of a key, an
    /// `Extractor` finds keys whatever their case, where the carrier has case-insensitive names, and joins several
    /// headers of one name by commas (RFC 9110 §5.3). ``HeaderList`` and ``EnvironmentCarrier`` do.
    public protocol Propagator: Sendable {
        /// The keys this propagator may write. Who uses a carrier again, for a retry, removes them first.
        var fields: [String] { get }
        /// Reads what the caller sent. What is missing or not valid leaves `context` as it is; nothing is thrown.
        func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier
        /// Writes what the called process is to know. What the context does not have is not written.
        func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier
    }

    /// An extractor that can also name the keys it finds (OTel Context, "Getter.Keys"). Formats whose keys are not known
    /// beforehand need it: Jaeger's baggage.
    public protocol KeyListingExtractor<Carrier>: Extractor {
        /// The keys of `carrier`, each once.
        func keys(in carrier: Carrier) -> [String]
    }
}
