public import ContrailBase
public import ContrailCore
import ContrailCurl
import ContrailTelemetry
public import HTTPTypes
public import Tracing

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
        /// How long the peer may be silent inside a streamed body. Default 30 s.
        public var idleReadTimeout: Duration = .seconds(30)
        /// How long the peer may take no byte of a request body that is there to be sent. Default 30 s.
        public var idleWriteTimeout: Duration = .seconds(30)
        /// The largest body that is collected, in bytes. Default 64 MiB. A larger one fails the call.
        public var maxResponseBytes = 64 * 1024 * 1024
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
        /// Further observers, told everything that spans are made of.
        public var observers: [any CallObserver] = []
        /// Where time comes from. Default: the machine.
        public var time: any TimeSource = SystemTime()
        /// Where chance comes from. Default: the system.
        public var random: any RandomSource = SystemRandom()

        /// The defaults.
        public init() {}

        /// Which spans a call leaves, and who makes them.
        public struct Tracing: Sendable {
            /// What becomes a span.
            public enum Detail: Sendable, Hashable {
                /// An INTERNAL span per call and a CLIENT span per send below it.
                case callsAndSends
                /// CLIENT spans only. A call without a parent then becomes one trace per send.
                case attemptsOnly
                /// Nothing, and no trace context is sent.
                case off
            }

            /// What becomes a span. Default `.callsAndSends`.
            public var detail = Detail.callsAndSends
            /// Who makes the spans; `nil`: whoever is in charge when the call begins, the innermost `withTracer` or
            /// the bootstrapped tracer.
            public var tracer: (any Tracer)?

            /// The defaults.
            public init() {}
        }

        /// The pool of connections.
        public struct Connections: Sendable {
            /// Connections kept open in all, idle ones included, per event loop. Default 256.
            public var maxConnections = 256
            /// Event loops, a thread each; `nil`: one on up to two cores, else half the cores, at most four.
            public var eventLoops: Int?
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
        settings.observers = [TracingObserver(HTTPClient.Configuration.Tracing())]
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
        settings.idleReadTimeout = idleReadTimeout
        settings.idleWriteTimeout = idleWriteTimeout
        settings.maxResponseBytes = maxResponseBytes
        settings.retry = retry
        settings.retryBudget = retryBudget
        settings.redirects = redirects
        settings.secretHeaders = Set(secretHeaders.map(\.canonicalName))
        settings.limits = limits
        settings.callMiddleware = callMiddleware
        settings.sendMiddleware = sendMiddleware
        settings.observers = (tracing.detail == .off ? [] : [TracingObserver(tracing)]) + observers
        settings.time = time
        settings.random = random
        return settings
    }

    private func validate() throws {
        try Self.require(limits.maxTotal >= 1, "limits.maxTotal", limits.maxTotal, "at least 1")
        try Self.require(limits.maxPerOrigin >= 1, "limits.maxPerOrigin", limits.maxPerOrigin, "at least 1")
        try Self.require(limits.maxQueued >= 0, "limits.maxQueued", limits.maxQueued, "at least 0")
        try Self.require(maxResponseBytes >= 0, "maxResponseBytes", maxResponseBytes, "at least 0")
        try Self.require(
            connections.maxConnections >= 1, "connections.maxConnections", connections.maxConnections, "at least 1")
        if let file = connections.certificateAuthorityFile {
            try Self.require(
                CurlTransport.canRead(file), "connections.certificateAuthorityFile", file, "a file that can be read")
        }
        if let loops = connections.eventLoops {
            try Self.require((1...64).contains(loops), "connections.eventLoops", loops, "from 1 to 64")
        }
        for (name, value) in [
            ("timeout", timeout), ("attemptTimeout", attemptTimeout),
            ("connectTimeout", connectTimeout), ("idleReadTimeout", idleReadTimeout),
            ("idleWriteTimeout", idleWriteTimeout),
        ] {
            if let value { try Self.require(value > .zero, name, value, "longer than zero") }
        }
    }

    private static func require(_ condition: Bool, _ name: String, _ value: some Any, _ legal: String) throws {
        guard condition else { throw ConfigurationError("\(name) is \(value); it must be \(legal).") }
    }
}

extension HTTPClient.Configuration.Connections {
    var curlConfiguration: CurlTransport.Configuration {
        var configuration = CurlTransport.Configuration()
        configuration.maxConnectionsPerLoop = maxConnections
        configuration.caFile = certificateAuthorityFile
        if let eventLoops { configuration.loops = eventLoops }
        return configuration
    }
}
