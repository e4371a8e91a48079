import ContrailBase
public import HTTPTypes

extension HTTPCall {
    /// What a caller asks for. A value: build it, change it, send it as often as you like.
    public struct Request: Sendable {
        /// The method. Default GET.
        public var method: HTTPRequest.Method
        /// The URL as text: absolute, or appended to the client's base URL. A bad one fails this call, nothing else.
        public var url: String
        /// Parameters appended to the URL, encoded.
        public var query: Query = [:]
        /// Header fields. They win over the client's default headers of the same name.
        public var headers: HTTPFields
        /// The body; `nil` for none.
        public var body: Body?
        /// How long the call may take in all, waits and retries and body included, also a streamed one; `nil`: the
        /// client's total timeout, which covers a streamed call up to its head.
        public var timeout: Duration? {
            get { options?.value.timeout }
            set { change { $0.timeout = newValue } }
        }
        /// How long one send may take; `nil`: the client's.
        public var attemptTimeout: Duration? {
            get { options?.value.attemptTimeout }
            set { change { $0.attemptTimeout = newValue } }
        }
        /// When to send again; `nil`: the client's policy.
        public var retry: RetryPolicy? {
            get { options?.value.retry }
            set { change { $0.retry = newValue } }
        }
        /// When a second send is made while the first takes long; `nil`: the client's policy.
        public var hedging: HedgingPolicy? {
            get { options?.value.hedging }
            set { change { $0.hedging = newValue } }
        }
        /// How urgent it is, while it waits for a permit. Default normal.
        public var priority: Priority {
            get { options?.value.priority ?? .normal }
            set { change { $0.priority = newValue } }
        }
        /// Whose rate limits of scope `.key` it counts for: an API key, a tenant; `nil`: nobody's.
        public var rateLimitKey: String? {
            get { options?.value.rateLimitKey }
            set { change { $0.rateLimitKey = newValue } }
        }
        /// What it takes from rate limits that count tokens: for an AI API an estimate of prompt and answer. Default 0.
        public var tokenCost: Int {
            get { options?.value.tokenCost ?? 0 }
            set { change { $0.tokenCost = newValue } }
        }
        /// Which redirects are followed; `nil`: the client's policy.
        public var redirects: RedirectPolicy? {
            get { options?.value.redirects }
            set { change { $0.redirects = newValue } }
        }
        /// Whether sending twice is the same as sending once. `nil`: decided by method and Idempotency-Key
        /// (RFC 9110 §9.2.2).
        public var isIdempotent: Bool? {
            get { options?.value.isIdempotent }
            set { change { $0.isIdempotent = newValue } }
        }
        /// The largest body that is collected, in bytes; `nil`: the client's limit.
        public var maxResponseBytes: Int? {
            get { options?.value.maxResponseBytes }
            set { change { $0.maxResponseBytes = newValue } }
        }
        /// Whether a compressed body is asked for and decoded; `nil`: the client's setting.
        public var decoding: ContentDecoding? {
            get { options?.value.decoding }
            set { change { $0.decoding = newValue } }
        }
        /// Where the call tells how far it is; `nil`: nowhere. For one call: make a new one to send the request again.
        public var progress: Progress? {
            get { options?.value.progress }
            set { change { $0.progress = newValue } }
        }
        /// Opens a connection even if one is idle. For warming up.
        package var needsNewConnection: Bool {
            get { options?.value.needsNewConnection ?? false }
            set { change { $0.needsNewConnection = newValue } }
        }
        /// The URL's low-cardinality form (`/users/{id}`), used in span names and as `url.template`.
        public var urlTemplate: String? {
            get { options?.value.urlTemplate }
            set { change { $0.urlTemplate = newValue } }
        }

        /// What most requests leave as it is; `nil` if this one does: then a copy costs no more than a URL and its fields.
        private var options: Shared<Options>?

        private struct Options {
            var timeout: Duration?
            var attemptTimeout: Duration?
            var retry: RetryPolicy?
            var hedging: HedgingPolicy?
            var priority: Priority = .normal
            var rateLimitKey: String?
            var tokenCost: Int = 0
            var redirects: RedirectPolicy?
            var isIdempotent: Bool?
            var maxResponseBytes: Int?
            var decoding: ContentDecoding?
            var progress: Progress?
            var needsNewConnection: Bool = false
            var urlTemplate: String?
        }

        private mutating func change(_ change: (inout Options) -> Void) {
            // Taken out for the change: two references would make it copy.
            var options = self.options ?? Shared(Options())
            self.options = nil
            change(&options.value)
            self.options = options
        }

        /// A request.
        public init(
            _ method: HTTPRequest.Method = .get, _ url: String, query: Query = [:], headers: HTTPFields = [:],
            body: Body? = nil
        ) {
            self.method = method
            self.url = url
            self.query = query
            self.headers = headers
            self.body = body
        }

        /// A GET request.
        public static func get(_ url: String, query: Query = [:], headers: HTTPFields = [:]) -> Request {
            Request(.get, url, query: query, headers: headers)
        }

        /// A HEAD request.
        public static func head(_ url: String, query: Query = [:], headers: HTTPFields = [:]) -> Request {
            Request(.head, url, query: query, headers: headers)
        }

        /// A DELETE request.
        public static func delete(_ url: String, query: Query = [:], headers: HTTPFields = [:]) -> Request {
            Request(.delete, url, query: query, headers: headers)
        }

        /// A POST request.
        public static func post(
            _ url: String, query: Query = [:], headers: HTTPFields = [:], body: Body? = nil
        ) -> Request {
            Request(.post, url, query: query, headers: headers, body: body)
        }

        /// A POST request with a value as JSON. Throws what the encoder throws.
        public static func post(
            _ url: String, json value: some Encodable, query: Query = [:], headers: HTTPFields = [:]
        ) throws -> Request {
            Request(.post, url, query: query, headers: headers, body: try .json(value))
        }

        /// A PUT request.
        public static func put(
            _ url: String, query: Query = [:], headers: HTTPFields = [:], body: Body? = nil
        ) -> Request {
            Request(.put, url, query: query, headers: headers, body: body)
        }

        /// A PUT request with a value as JSON. Throws what the encoder throws.
        public static func put(
            _ url: String, json value: some Encodable, query: Query = [:], headers: HTTPFields = [:]
        ) throws -> Request {
            Request(.put, url, query: query, headers: headers, body: try .json(value))
        }

        /// A PATCH request with a value as JSON. Throws what the encoder throws.
        public static func patch(
            _ url: String, json value: some Encodable, query: Query = [:], headers: HTTPFields = [:]
        ) throws -> Request {
            Request(.patch, url, query: query, headers: headers, body: try .json(value))
        }

        /// A PATCH request.
        public static func patch(
            _ url: String, query: Query = [:], headers: HTTPFields = [:], body: Body? = nil
        ) -> Request {
            Request(.patch, url, query: query, headers: headers, body: body)
        }
    }
}
