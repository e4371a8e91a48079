public import ContrailBase
public import HTTPTypes

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension HTTPCall {
    /// A response with its body in memory.
    public struct Response: Sendable {
        /// Status, version and header fields.
        public let head: ResponseHead
        /// The body; at most the limit that applied.
        public let body: ByteChunk
        /// The fields that came behind the body (RFC 9110 §6.5). Never mixed with ``headers``: anybody on the way may have
        /// added them late.
        public let trailers: HTTPFields
        /// The URL that answered: after redirects, the last one.
        public let url: RequestURL
        /// What was asked, for errors.
        package let method: HTTPRequest.Method
        /// Every send of the call, in the order they ended. Without hedging the last one brought this response.
        public let attempts: [Attempt]
        /// The redirects that led to ``url``, in order; empty if there were none.
        public let redirects: [Redirect]

        package init(
            head: ResponseHead, body: ByteChunk, url: RequestURL, method: HTTPRequest.Method, attempts: [Attempt],
            redirects: [Redirect] = [], trailers: HTTPFields = [:]
        ) {
            self.head = head
            self.body = body
            self.trailers = trailers
            self.url = url
            self.method = method
            self.attempts = attempts
            self.redirects = redirects
        }

        /// The status.
        public var status: HTTPResponse.Status { head.status }
        /// The header fields. Parsed at each access: keep them if you need several.
        public var headers: HTTPFields { head.headers }
        /// The body as UTF-8 text; what is not valid becomes U+FFFD. Copies.
        public var text: String { String(body) }

        /// This response if its status is in `range`, else throws ``ClientError`` with code `.badStatus` and the
        /// response in it. Without this call a 4xx or 5xx is a response like any other.
        @discardableResult
        public func validateStatus(in range: Range<Int> = 200..<300) throws -> Response {
            guard !range.contains(status.code) else { return self }
            throw ClientError.badStatus(self)
        }

        /// The body decoded from JSON. Throws ``ClientError`` with code `.decoding` and the decoder's error as cause.
        public func json<Value: Decodable>(
            _ type: Value.Type = Value.self, decoder: JSONDecoder = JSONDecoder()
        ) throws -> Value {
            do {
                return try body.decode(type, decoder)
            } catch {
                throw ClientError.decoding(error, type: "\(type)", response: self)
            }
        }
    }
}
