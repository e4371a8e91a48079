public import HTTPTypes

extension FaultServer {
    /// What the server has seen so far.
    public struct Record: Sendable {
        /// The requests, in the order their heads came; of more than the configuration keeps, the first.
        public internal(set) var requests: [ReceivedRequest] = []
        /// How many requests there were in all, kept or not.
        public internal(set) var requestCount = 0
        /// How many bytes of bodies came in all, kept or not.
        public internal(set) var bodyBytes: Int64 = 0
        /// How many connections were accepted.
        public internal(set) var connectionCount = 0
        /// How many connections are open: accepted, and not yet seen closed by the thread that serves them.
        public internal(set) var openConnectionCount = 0
        /// How many connections were closed at once because too many were open.
        public internal(set) var turnedAwayCount = 0

        /// Requests that were more than the configuration keeps. If there are any, what is asked by path is too little.
        public var notKept: Int { requestCount - requests.count }

        /// The requests to `path` (without query).
        public func requests(to path: String) -> [ReceivedRequest] { requests.filter { $0.path == path } }

        /// How many requests came to `path` (without query).
        public func count(of path: String) -> Int { requests.count { $0.path == path } }

        /// The `traceparent` of each request that had one.
        public var traceparents: [String] { requests.compactMap(\.traceparent) }
    }

    /// A request as it came.
    public struct ReceivedRequest: Sendable {
        /// 1 for the first request of the server.
        public let number: Int
        /// 1 for the first connection of the server.
        public let connection: Int
        /// 1 for the first request of its connection.
        public let numberOnConnection: Int
        /// The method, as it came.
        public let method: String
        /// What was asked for: the path with its query.
        public let target: String
        /// The whole head as it came, with its empty line.
        public let head: String
        /// What came of the body, without chunk framing; less if the configuration keeps no more.
        public internal(set) var body: [UInt8] = []
        /// How many bytes of the body came, kept or not.
        public internal(set) var bodyBytes: Int64 = 0
        /// True once the body was read to its end. Plans that do not read it leave it false.
        public internal(set) var isComplete = false

        /// The path, without the query.
        public var path: String { String(target.prefix { $0 != "?" }) }
        /// The header fields, parsed at each access; empty if a line is none.
        public var headers: HTTPFields { RequestHeadText(head).parsed()?.headers ?? [:] }
        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
        /// The trace context that was sent along (W3C Trace Context §3.2); `nil` if there was none.
        public var traceparent: String? { RequestHeadText(head).first("traceparent") }
        /// The id of the span that sent it, 16 hexadecimal digits, from ``traceparent``.
        public var parentSpanID: String? {
            traceparent?.split(separator: "-").dropFirst(2).first.map(String.init)
        }
    }
}
