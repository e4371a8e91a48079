public import ContrailBase
public import ContrailTelemetry
public import HTTPTypes

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Telemetry {
    /// The settings of tracing and export. What is set here wins over the environment, which wins over the defaults.
    public struct Configuration: Sendable {
        /// The service's name; `nil`: OTEL_SERVICE_NAME, else `unknown_service:<executable>`.
        public var serviceName: String?
        /// More about the service. Wins over OTEL_RESOURCE_ATTRIBUTES.
        public var resourceAttributes: [Attribute] = []
        /// The collector's base URL, to which `/v1/traces` is appended; `nil`: OTEL_EXPORTER_OTLP_ENDPOINT and
        /// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, else http://localhost:4318.
        public var endpoint: String?
        /// Header fields of every export, an API key say. Added to OTEL_EXPORTER_OTLP_HEADERS.
        public var exportHeaders: HTTPFields = [:]
        /// How long the export of one batch may take, retries included; `nil`: OTEL_EXPORTER_OTLP_TIMEOUT, else 10 s.
        public var exportTimeout: Duration?
        /// Which spans are recorded. Default: as the caller's, and every root.
        public var sampler: any Sampler = ParentBasedSampler()
        /// Queue and batches; `nil`: OTEL_BSP_*, else the defaults.
        public var batching: BatchSpanProcessor.Settings?
        /// How long the last flush may take at the end. Default 5 s.
        public var shutdownTimeout: Duration = .seconds(5)
        /// Whether ``Telemetry/run(service:configuration:_:)`` reacts to SIGTERM and SIGINT: cancels its body, flushes and
        /// ends the process by the same signal. Default true. Set false where a `ServiceGroup` handles signals.
        public var flushesOnSignals = true
        /// The environment. Default: the process's.
        public var environment: [String: String]
        /// Where the SDK says what it has to say about itself: bad settings, lost spans. Never exported.
        /// Default: a line on the standard error stream.
        public var report: @Sendable (String) -> Void = { StandardError.write("contrail: \($0)") }
        /// Where time comes from. Default: the machine.
        public var time: any TimeSource = SystemTime()
        /// Where ids come from. Default: pseudo-random.
        public var idGenerator: any IDGenerator = RandomIDGenerator()

        /// The defaults, with the process's environment.
        public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
            self.environment = environment
        }
    }

    /// Why telemetry could not be set up.
    public enum SetupError: Error, Sendable, Hashable, CustomStringConvertible {
        /// The process has a tracer already: ours from an earlier call, or another library's.
        case alreadyBootstrapped
        /// A setting makes no sense.
        case configuration(String)

        /// What is wrong, and what to do.
        public var description: String {
            switch self {
            case .alreadyBootstrapped:
                "The process has a bootstrapped tracer already. Bootstrap once, in main; in tests use Telemetry.scoped."
            case .configuration(let problem): problem
            }
        }
    }
}
