public import CoreMetrics

extension HTTPClient.Configuration {
    /// What a client measures through swift-metrics (docs/telemetry.md lists every metric).
    public struct Metrics: Sendable {
        /// Whether anything is measured. Default true: with no metrics backend in the process it costs a look at that.
        public var isEnabled = true
        /// The backend; `nil`: the one in charge when a call begins, of the innermost `withMetricsFactory` or bootstrapped.
        public var factory: (any MetricsFactory)?
        /// Whether `url.template` is among the attributes of what is measured per send. Default false.
        public var includesURLTemplate = false
        /// Whether the sizes of bodies are measured. Default false.
        public var includesBodySizes = false

        /// The defaults.
        public init() {}
    }
}
