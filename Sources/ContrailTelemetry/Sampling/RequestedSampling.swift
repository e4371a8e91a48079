public import Tracing

extension Telemetry {
    /// What a caller asked for beyond the sampled flag; the B3 and Jaeger headers can say it, W3C's cannot.
    public enum RequestedSampling: Sendable, Hashable {
        /// The caller left the decision to us: its span's sampled flag says nothing.
        case deferred
        /// The caller wants no trace, and named none.
        case denied
        /// The caller wants a trace, and named none.
        case accepted
        /// The caller debugs: the trace is to be kept, and everyone below is to be told so.
        case debug
    }
}

extension ServiceContext {
    /// What the caller asked for beyond the sampled flag; `nil` if nothing. ``Telemetry/ParentBasedSampler`` follows it.
    public var requestedSampling: Telemetry.RequestedSampling? {
        get { self[RequestedSamplingKey.self] }
        set { self[RequestedSamplingKey.self] = newValue }
    }
}

private enum RequestedSamplingKey: ServiceContextKey {
    typealias Value = Telemetry.RequestedSampling
    static var nameOverride: String? { "opentelemetry-requested-sampling" }
}
