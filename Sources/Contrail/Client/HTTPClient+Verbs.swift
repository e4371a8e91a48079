public import ContrailCore
public import HTTPTypes

extension HTTPClient {
    /// GET `url`. Throws as ``execute(_:)``.
    public func get(
        _ url: String, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { .get(url, query: query, headers: headers) }
        return try await pipeline.finish(begun)
    }

    /// HEAD `url`. Throws as ``execute(_:)``.
    public func head(
        _ url: String, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { .head(url, query: query, headers: headers) }
        return try await pipeline.finish(begun)
    }

    /// DELETE `url`. Throws as ``execute(_:)``.
    public func delete(
        _ url: String, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { .delete(url, query: query, headers: headers) }
        return try await pipeline.finish(begun)
    }

    /// POST `body` to `url`. Throws as ``execute(_:)``. Never sent again on a failure that the server may have seen.
    public func post(
        _ url: String, body: Body? = nil, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { .post(url, query: query, headers: headers, body: body) }
        return try await pipeline.finish(begun)
    }

    /// POST `value` as JSON to `url`. Throws as ``execute(_:)``, and what the encoder throws.
    public func post(
        _ url: String, json value: some Encodable, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { try .post(url, json: value, query: query, headers: headers) }
        return try await pipeline.finish(begun)
    }

    /// PUT `body` to `url`. Throws as ``execute(_:)``.
    public func put(
        _ url: String, body: Body? = nil, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { .put(url, query: query, headers: headers, body: body) }
        return try await pipeline.finish(begun)
    }

    /// PUT `value` as JSON to `url`. Throws as ``execute(_:)``, and what the encoder throws.
    public func put(
        _ url: String, json value: some Encodable, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { try .put(url, query: query, headers: headers, body: .json(value)) }
        return try await pipeline.finish(begun)
    }

    /// PATCH `url` with `body`. Throws as ``execute(_:)``.
    public func patch(
        _ url: String, body: Body? = nil, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { .patch(url, query: query, headers: headers, body: body) }
        return try await pipeline.finish(begun)
    }

    /// PATCH `url` with `value` as JSON. Throws as ``execute(_:)``, and what the encoder throws.
    public func patch(
        _ url: String, json value: some Encodable, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        let begun = try begin { try .patch(url, query: query, headers: headers, body: .json(value)) }
        return try await pipeline.finish(begun)
    }
}
