import ContrailBase
public import HTTPTypes

extension HTTPCall {
    /// A response whose body is still coming.
    public struct StreamedResponse: Sendable {
        /// Status, version and header fields.
        public let head: ResponseHead
        /// The body: iterate it once. Dropping it gives up the connection.
        public let body: BodyStream
        /// The URL that answered: after redirects, the last one.
        public let url: RequestURL
        /// The redirects that led to ``url``, in order; empty if there were none.
        public let redirects: [Redirect]
        /// What was asked, for errors.
        let method: HTTPRequest.Method
        let call: CallState

        /// The status.
        public var status: HTTPResponse.Status { head.status }
        /// The header fields. Parsed at each access: keep them if you need several.
        public var headers: HTTPFields { head.headers }
        /// The sends of the call that are over, in order. The one that brings the body is over when the body is.
        public var attempts: [Attempt] { call.snapshot.attempts }

        /// This response if its status is in `range`. Else gives up the body and throws ``ClientError`` with code
        /// `.badStatus` and the response, without its body, in it: look at ``status`` and collect it yourself if you want
        /// to know what the server says.
        @discardableResult
        public func validateStatus(in range: Range<Int> = 200..<300) throws -> StreamedResponse {
            guard !range.contains(status.code) else { return self }
            body.cancel()
            throw ClientError.badStatus(
                Response(
                    head: head, body: .empty, url: url, method: method, attempts: attempts, redirects: redirects))
        }
    }
}
