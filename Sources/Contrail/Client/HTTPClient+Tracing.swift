public import ContrailCore
public import HTTPTypes
public import Logging
public import Tracing

extension HTTPClient.Configuration {
    /// Which spans a call leaves, who makes them, and what they say beyond what every HTTP span says (docs/telemetry.md).
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
        /// The methods that spans name; all others become `_OTHER`, and `HTTP` in span names. Compared with case.
        /// `nil`: OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS of the process's environment, a list with commas, else the nine
        /// of RFC 9110 and RFC 5789 and QUERY. What is given here, or there, replaces the whole list.
        public var knownMethods: Set<String>?
        /// Names the CLIENT span of a send; `nil`, or a hook that answers `nil`: the method, and the URL template if the
        /// request has one. Low cardinality: never the path. Runs on the caller's task, for every send: must not block.
        public var spanName: (@Sendable (SendStart) -> String?)?
        /// Attributes that HTTP spans have only where somebody asks for them. Default: none.
        public var optionalAttributes: OptionalAttributes = []
        /// Request headers to keep, as `http.request.header.<name>`. The values of those that hold secrets, Authorization,
        /// Cookie or the client's `secretHeaders` say, are replaced by `REDACTED`. Default: none.
        public var requestHeaders: [HTTPField.Name] = []
        /// Response headers to keep, as `http.response.header.<name>`. As for ``requestHeaders``. Default: none.
        public var responseHeaders: [HTTPField.Name] = []
        /// The query parameters whose values `url.full` replaces by `REDACTED`, compared with case; `nil`: those of
        /// the semantic conventions and other usual names of secrets. What is given here replaces the whole list.
        public var redactedQueryParameters: Set<String>?

        /// Where sends that fail without an answer are logged: `http.client.request.exception` at level `warning`, with
        /// `exception.type` and `exception.message`, the span's `error.type`, and its ids from the `traceparent` that was
        /// sent (semantic conventions 1.44, "HTTP client exceptions"; development). Default `nil`: nowhere. Called on the
        /// caller's task.
        public var exceptionLogger: Logger?

        /// The defaults.
        public init() {}

        /// Attributes that the semantic conventions leave to whoever wants them.
        public struct OptionalAttributes: OptionSet, Sendable, Hashable {
            /// The bits.
            public let rawValue: UInt8
            /// Options with these bits.
            public init(rawValue: UInt8) { self.rawValue = rawValue }

            /// `url.scheme`.
            public static let scheme = Self(rawValue: 1)
            /// `user_agent.original`: the User-Agent that is sent.
            public static let userAgent = Self(rawValue: 2)
            /// `network.transport`: `tcp`, or `quic` for HTTP/3.
            public static let transport = Self(rawValue: 4)
            /// `http.request.body.size`, of what was handed to the connection, and `http.response.body.size`: the bytes of
            /// the bodies as they go over the wire, compressed if they are.
            public static let bodySizes = Self(rawValue: 8)
            /// `user_agent.synthetic.type` = `test`: the requests are made by tests.
            public static let syntheticTest = Self(rawValue: 16)
            /// `user_agent.synthetic.type` = `bot`: the requests are made by a bot.
            public static let syntheticBot = Self(rawValue: 32)
        }
    }
}
