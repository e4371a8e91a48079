public import ContrailCore
public import HTTPTypes

extension HTTPClient {
    /// GET `url`. Throws as ``execute(_:)``.
    public func get(
        _ url: String, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.get(url, query: query, headers: headers))
    }

    /// HEAD `url`. Throws as ``execute(_:)``.
    public func head(
        _ url: String, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.head(url, query: query, headers: headers))
    }

    /// DELETE `url`. Throws as ``execute(_:)``.
    public func delete(
        _ url: String, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.delete(url, query: query, headers: headers))
    }

    /// POST `body` to `url`. Throws as ``execute(_:)``. Never sent again on a failure that the server may have seen.
    public func post(
        _ url: String, body: Body? = nil, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.post(url, query: query, headers: headers, body: body))
    }

    /// POST `value` as JSON to `url`. Throws as ``execute(_:)``, and what the encoder throws.
    public func post(
        _ url: String, json value: some Encodable, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.post(url, json: value, query: query, headers: headers))
    }

    /// PUT `body` to `url`. Throws as ``execute(_:)``.
    public func put(
        _ url: String, body: Body? = nil, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.put(url, query: query, headers: headers, body: body))
    }

    /// PUT `value` as JSON to `url`. Throws as ``execute(_:)``, and what the encoder throws.
    public func put(
        _ url: String, json value: some Encodable, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.put(url, query: query, headers: headers, body: .json(value)))
    }

    /// PATCH `url` with `body`. Throws as ``execute(_:)``.
    public func patch(
        _ url: String, body: Body? = nil, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.patch(url, query: query, headers: headers, body: body))
    }

    /// PATCH `url` with `value` as JSON. Throws as ``execute(_:)``, and what the encoder throws.
    public func patch(
        _ url: String, json value: some Encodable, query: HTTPCall.Query = [:], headers: HTTPFields = [:]
    ) async throws -> Response {
        try await execute(.patch(url, query: query, headers: headers, body: .json(value)))
    }
}
