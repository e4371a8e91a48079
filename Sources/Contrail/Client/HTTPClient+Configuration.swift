public import ContrailBase
public import ContrailCore
import ContrailCurl
import ContrailTelemetry
public import HTTPTypes

extension HTTPClient {
    /// The settings of a client. Every one has a default: change what you need.
    public struct Configuration: Sendable {
        /// What requests without a scheme are appended to; `nil`: every request has a whole URL. No query, no fragment.
        /// Default headers that hold secrets (Authorization, Cookie, API keys) then go to its origin only.
        public var baseURL: String?
        /// Header fields of every request that has none of the same name. Default: a User-Agent.
        public var defaultHeaders: HTTPFields = PipelineSettings.standard.defaultHeaders
        /// How long a call may take in all: waits, retries and body (a streamed call: up to the head). Default 60 s;
        /// `nil`: no limit. The request's own setting wins.
        public var timeout: Duration? = .seconds(60)
        /// How long one send may take. Default 30 s; `nil`: only the total counts. The request's own setting wins.
        public var attemptTimeout: Duration? = .seconds(30)
        /// How long DNS, TCP and TLS may take together. Default 10 s.
        public var connectTimeout: Duration = .seconds(10)
        /// How long the head of the response may take once the request is out. Default `nil`: the attempt timeout rules.
        public var timeToHeadTimeout: Duration?
        /// How long the peer may be silent inside the body. Default 30 s. While a streamed body is not taken, the silence
        /// is not the peer's and does not count.
        public var idleReadTimeout: Duration = .seconds(30)
        /// How long the peer may take no byte of a request body that is there to be sent. Default 30 s.
        public var idleWriteTimeout: Duration = .seconds(30)
        /// The largest body that is collected, in bytes, decoded ones counted. Default 64 MiB. A larger one fails the call.
        public var maxResponseBytes = 64 * 1024 * 1024
        /// Whether compressed bodies are asked for and decoded. Default `.automatic`. The request's own setting wins.
        public var decoding = ContentDecoding.automatic
        /// When to send again. Default: three sends, idempotent requests only, back-off with full jitter.
        public var retry = RetryPolicy.standard
        /// How much extra load retries may put on an origin. Default: 20 % of what went well in the last 10 s, and 10 per
        /// second; `nil`: no limit.
        public var retryBudget: RetryBudget? = .standard
        /// Which redirects are followed. Default: up to 20, to any origin, not from https to http. Authorization, cookies,
        /// API keys and ``secretHeaders`` stay behind when the origin changes. The request's own setting wins.
        public var redirects = RedirectPolicy.follow()
        /// Your own header fields that hold secrets. Like Authorization they go neither to another origin on a redirect
        /// nor, as default headers, to another origin than the base URL's. Default: none.
        public var secretHeaders: [HTTPField.Name] = []
        /// When a second send is made while the first takes long. Default `nil`: never. The request's own setting wins.
        public var hedging: HedgingPolicy?
        /// When an origin that fails is left alone. Default `nil`: never.
        public var circuitBreaker: CircuitBreakerPolicy?
        /// Holds back a share of the sends to an origin that refuses much. Default `nil`: off.
        public var adaptiveThrottling: AdaptiveThrottlingPolicy?
        /// How fast may be sent. Default `nil`: as fast as the permits allow.
        public var rateLimits: RateLimits?
        /// How many sends may be under way, and wait.
        public var limits = ConcurrencyLimits()
        /// The pool and its connections.
        public var connections = Connections()
        /// Your steps around each call, outermost first.
        public var callMiddleware: [any Middleware] = []
        /// Your steps around each send, outermost first: authentication, signing.
        public var sendMiddleware: [any Middleware] = []
        /// Which spans a call leaves. Default: one for the call and one for each send.
        public var tracing = Tracing()
        /// What is measured through swift-metrics. Default: all but the sizes of bodies, if the process has a backend.
        public var metrics = Metrics()
        /// Further observers, told everything that spans are made of.
        public var observers: [any CallObserver] = []
        /// Where time comes from. Default: the machine.
        public var time: any TimeSource = SystemTime()
        /// Where chance comes from. Default: the system.
        public var random: any RandomSource = SystemRandom()

        /// The defaults.
        public init() {}

        /// The pool of connections.
        public struct Connections: Sendable {
            /// Connections kept open in all, idle ones included, per event loop. Default 256.
            public var maxConnections = 256
            /// A connection that was idle for longer is not used again. Default 50 s, below the 60 s and 75 s after which
            /// common servers and balancers close, so that few sends meet a closing connection. Whole seconds, at least 1.
            public var maxIdleTime: Duration = .seconds(50)
            /// A connection older than this is not used again, so that changes of addresses are noticed. Default 600 s.
            /// Whole seconds, at least 1.
            public var maxLifetime: Duration = .seconds(600)
            /// Event loops, a thread each; `nil`: one on up to two cores, else half the cores, at most four.
            public var eventLoops: Int?
            /// The largest head of a response, trailers included, in bytes. Default 64 kB, at most 256 kB; a larger one fails
            /// the send with `headers_too_large`. All interim responses of a send together may be as large again.
            public var maxHeaderBytes = 64 * 1024
            /// The most header fields of a response, trailers included. Default 1000, at most 5000.
            public var maxHeaderFields = 1000
            /// A file with the certificates of the authorities to trust, PEM; `nil`: the system's. Looked for when the
            /// client is made; what is in it is read at the first TLS handshake.
            public var certificateAuthorityFile: String?

            /// The defaults.
            public init() {}
        }
    }
}

/// A setting that makes no sense. The caller's fault.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which setting, its value and what is allowed.
    public let description: String

    package init(_ description: String) { self.description = description }
}

extension PipelineSettings {
    /// What every client has unless told otherwise.
    static let standard: PipelineSettings = {
        var settings = PipelineSettings()
        settings.defaultHeaders[.userAgent] = "contrail/\(Telemetry.sdkVersion)"
        settings.observers = HTTPClient.Configuration.observers(.init(), .init(), secretHeaders: [])
        return settings
    }()
}

extension HTTPClient.Configuration {
    func pipelineSettings() throws -> PipelineSettings {
        try validate()
        var settings = PipelineSettings()
        settings.baseURL = try baseURL.map { text in
            guard !text.contains("?"), !text.contains("#") else {
                throw ConfigurationError("baseURL has a query or a fragment: give parameters with each request.")
            }
            do { return try RequestURL(text) } catch {
                throw ConfigurationError("baseURL: \(error)")
            }
        }
        settings.defaultHeaders = defaultHeaders
        settings.timeout = timeout
        settings.attemptTimeout = attemptTimeout
        settings.connectTimeout = connectTimeout
        settings.timeToHeadTimeout = timeToHeadTimeout
        settings.idleReadTimeout = idleReadTimeout
        settings.idleWriteTimeout = idleWriteTimeout
        settings.maxResponseBytes = maxResponseBytes
        settings.decoding = decoding
        settings.retry = retry
        settings.retryBudget = retryBudget
        settings.redirects = redirects
        settings.secretHeaders = Set(secretHeaders.map(\.canonicalName))
        settings.hedging = hedging
        settings.circuitBreaker = circuitBreaker
        settings.adaptiveThrottling = adaptiveThrottling
        settings.rateLimits = rateLimits
        settings.limits = limits
        settings.callMiddleware = callMiddleware
        settings.sendMiddleware = sendMiddleware
        settings.observers = Self.observers(tracing, metrics, secretHeaders: secretHeaders) + observers
        settings.time = time
        settings.random = random
        return settings
    }

    /// Those that make spans and metrics.
    fileprivate static func observers(
        _ tracing: Tracing, _ metrics: Metrics, secretHeaders: [HTTPField.Name]
    ) -> [any CallObserver] {
        let spans = SpanSettings(tracing, secretHeaders: secretHeaders)
        var own: [any CallObserver] = []
        if tracing.detail != .off { own.append(TracingObserver(tracer: tracing.tracer, spans)) }
        if metrics.isEnabled { own.append(MetricsObserver(metrics, spans)) }
        if let logger = tracing.exceptionLogger { own.append(ExceptionLogObserver(logger)) }
        return own
    }

    private func validate() throws {
        try Self.require(limits.maxTotal >= 1, "limits.maxTotal", limits.maxTotal, "at least 1")
        try Self.require(limits.maxPerOrigin >= 1, "limits.maxPerOrigin", limits.maxPerOrigin, "at least 1")
        try Self.require(limits.maxQueued >= 0, "limits.maxQueued", limits.maxQueued, "at least 0")
        try validateResilience()
        try Self.require(decoding.maxRatio >= 1, "decoding.maxRatio", decoding.maxRatio, "at least 1")
        try Self.require(maxResponseBytes >= 0, "maxResponseBytes", maxResponseBytes, "at least 0")
        try Self.require(
            connections.maxConnections >= 1, "connections.maxConnections", connections.maxConnections, "at least 1")
        if let file = connections.certificateAuthorityFile {
            try Self.require(
                CurlTransport.canRead(file), "connections.certificateAuthorityFile", file, "a file that can be read")
        }
        try Self.require(
            (1...(256 * 1024)).contains(connections.maxHeaderBytes), "connections.maxHeaderBytes",
            connections.maxHeaderBytes, "from 1 to 262144")
        try Self.require(
            (1...5000).contains(connections.maxHeaderFields), "connections.maxHeaderFields",
            connections.maxHeaderFields, "from 1 to 5000")
        for (name, value) in [("maxIdleTime", connections.maxIdleTime), ("maxLifetime", connections.maxLifetime)] {
            try Self.require(value >= .seconds(1), "connections.\(name)", value, "at least one second")
        }
        if let loops = connections.eventLoops {
            try Self.require((1...64).contains(loops), "connections.eventLoops", loops, "from 1 to 64")
        }
        for (name, value) in [
            ("timeout", timeout), ("attemptTimeout", attemptTimeout),
            ("connectTimeout", connectTimeout), ("timeToHeadTimeout", timeToHeadTimeout),
            ("idleReadTimeout", idleReadTimeout), ("idleWriteTimeout", idleWriteTimeout),
        ] {
            if let value { try Self.require(value > .zero, name, value, "longer than zero") }
        }
    }
}

extension HTTPClient.Configuration.Connections {
    var curlConfiguration: CurlTransport.Configuration {
        var configuration = CurlTransport.Configuration()
        configuration.maxConnectionsPerLoop = maxConnections
        configuration.idleConnectionAge = maxIdleTime
        configuration.maxConnectionLifetime = maxLifetime
        configuration.maxHeaderBytes = maxHeaderBytes
        configuration.maxHeaderFields = maxHeaderFields
        configuration.caFile = certificateAuthorityFile
        if let eventLoops { configuration.loops = eventLoops }
        return configuration
    }
}
