public import Contrail

extension Recording {
    /// Posts every request to a receiver, one after another, and returns the statuses of the answers.
    ///
    /// - Parameters:
    ///   - endpoint: the receiver's base URL, to which each request's path is appended.
    ///   - client: sends them. Nothing is traced that the client does not trace.
    /// - Throws: ``ClientError`` for what could not be sent; an answer of any status is none.
    @discardableResult
    public func replay(to endpoint: String, with client: HTTPClient = .shared) async throws -> [Int] {
        var statuses: [Int] = []
        for recorded in requests {
            var request = HTTPClient.Request.post(
                endpoint + recorded.path, body: .chunk(recorded.body, contentType: recorded.contentType))
            if !recorded.contentEncoding.isEmpty { request.headers[.contentEncoding] = recorded.contentEncoding }
            statuses.append(try await client.execute(request).status.code)
        }
        return statuses
    }
}
