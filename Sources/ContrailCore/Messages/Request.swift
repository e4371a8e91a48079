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
        public var timeout: Duration?
        /// How long one send may take; `nil`: the client's.
        public var attemptTimeout: Duration?
        /// When to send again; `nil`: the client's policy.
        public var retry: RetryPolicy?
        /// When a second send is made while the first takes long; `nil`: the client's policy.
        public var hedging: HedgingPolicy?
        /// How urgent it is, while it waits for a permit. Default normal.
        public var priority = Priority.normal
        /// Whose rate limits of scope `.key` it counts for: an API key, a tenant; `nil`: nobody's.
        public var rateLimitKey: String?
        /// What it takes from rate limits that count tokens: for an AI API an estimate of prompt and answer. Default 0.
        public var tokenCost = 0
        /// Which redirects are followed; `nil`: the client's policy.
        public var redirects: RedirectPolicy?
        /// Whether sending twice is the same as sending once. `nil`: decided by method and Idempotency-Key
        /// (RFC 9110 §9.2.2).
        public var isIdempotent: Bool?
        /// The largest body that is collected, in bytes; `nil`: the client's limit.
        public var maxResponseBytes: Int?
        /// Whether a compressed body is asked for and decoded; `nil`: the client's setting.
        public var decoding: ContentDecoding?
        /// Where the call tells how far it is; `nil`: nowhere. For one call: make a new one to send the request again.
        public var progress: Progress?
        /// Opens a connection even if one is idle. For warming up.
        package var needsNewConnection = false
        /// The URL's low-cardinality form (`/users/{id}`), used in span names and as `url.template`.
        public var urlTemplate: String?

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
