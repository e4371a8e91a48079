public import ContrailBase
public import ContrailTelemetry
public import CoreMetrics
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
        /// What finds out about the process and its machine; weaker than everything that is said about the resource. Default:
        /// process, host with its operating system, container.
        public var detectors: [any ResourceDetector] = .standard
        /// Where spans go, each with a queue and counters of its own; `nil`: OTEL_TRACES_EXPORTER (`otlp`, `console`, `none`),
        /// else ``TraceExporter/otlp``. Empty: nowhere, but contexts still travel on.
        public var exporters: [TraceExporter]?
        /// The receiver that ``TraceExporter/otlp`` means. What is `nil` in it is OTEL_EXPORTER_OTLP_TRACES_… or
        /// OTEL_EXPORTER_OTLP_…, else the default; its headers are added to those of the environment.
        public var otlp = OTLPDestination()
        /// Which spans are recorded; `nil`: OTEL_TRACES_SAMPLER with OTEL_TRACES_SAMPLER_ARG, else as the caller's, and every
        /// root.
        public var sampler: (any Sampler)?
        /// How contexts travel between processes; `nil`: OTEL_PROPAGATORS, else W3C Trace Context and Baggage.
        public var propagator: (any Propagator)?
        /// How much a span may hold; `nil`: OTEL_SPAN_…_LIMIT and its like, else 128 of everything.
        public var limits: SpanLimits?
        /// Queue and batches; `nil`: OTEL_BSP_…, else the defaults.
        public var batching: BatchSpanProcessor.Settings?
        /// Whether nothing is recorded and exported; contexts still travel on. `nil`: OTEL_SDK_DISABLED, else false.
        public var isDisabled: Bool?
        /// How much the SDK says about itself; `nil`: OTEL_LOG_LEVEL, else everything.
        public var diagnosticLevel: DiagnosticLevel?
        /// Notices when code that blocks holds up the threads that run tasks: measures `contrail.tasks.delay`, and warns
        /// through ``report``, at diagnostic level `warning`. `nil`: CONTRAIL_WATCHDOG, else off: it wakes a thread up once
        /// per interval for as long as telemetry runs, with work or without.
        public var watchdog: Watchdog?
        /// The backend of swift-metrics for what the SDK measures of itself (`otel.sdk.…`, docs/telemetry.md); `nil`: the
        /// bootstrapped one. `NOOPMetricsHandler.instance`: none. Costs a few calls of it per batch, none per span.
        public var metricsFactory: (any MetricsFactory)?
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

        /// ``OTLPDestination/endpoint`` of ``otlp``.
        public var endpoint: String? {
            get { otlp.endpoint }
            set { otlp.endpoint = newValue }
        }
        /// ``OTLPDestination/headers`` of ``otlp``.
        public var exportHeaders: HTTPFields {
            get { otlp.headers }
            set { otlp.headers = newValue }
        }
        /// ``OTLPDestination/timeout`` of ``otlp``.
        public var exportTimeout: Duration? {
            get { otlp.timeout }
            set { otlp.timeout = newValue }
        }

        /// The defaults, with the process's environment.
        public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
            self.environment = environment
        }
    }

    /// How much the SDK says about itself.
    public enum DiagnosticLevel: Int, Sendable, Hashable, Comparable {
        /// Nothing.
        case none
        /// What was lost.
        case error
        /// Settings that were ignored, too.
        case warning
        /// Everything.
        case info

        /// Less is smaller.
        public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
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
