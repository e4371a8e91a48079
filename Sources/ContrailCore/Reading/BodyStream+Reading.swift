public import ContrailBase

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension HTTPCall.BodyStream {
    /// What a line or an event may have at most, unless told otherwise: more than any sensible one, and little enough for
    /// a thousand streams at a time.
    public static let defaultMaxLineBytes = 1024 * 1024

    /// All of it, if it is at most `maxBytes`; more throws ``ClientError`` with code `body_too_large` and gives up the
    /// rest. `nil`: the limit that applies to collected bodies, the request's or the client's (64 MiB).
    public func collect(upTo maxBytes: Int? = nil) async throws -> ByteChunk {
        let limit = maxBytes ?? maxCollectedBytes
        var bytes: [UInt8] = []
        for try await chunk in self {
            guard chunk.count <= limit - bytes.count else {
                throw fail(ClientError(.transport(.bodyTooLarge), "The body has more than \(limit) bytes."))
            }
            bytes.append(contentsOf: chunk)
        }
        return ByteChunk(bytes)
    }

    /// All of it as UTF-8 text; what is not valid becomes U+FFFD. Limit and errors as ``collect(upTo:)``.
    public func text(upTo maxBytes: Int? = nil) async throws -> String { String(try await collect(upTo: maxBytes)) }

    /// All of it, decoded from JSON. Limit and errors as ``collect(upTo:)``; and ``ClientError`` with code `decoding` and
    /// the decoder's error as cause.
    public func json<Value: Decodable>(
        _ type: Value.Type = Value.self, upTo maxBytes: Int? = nil, decoder: JSONDecoder = JSONDecoder()
    ) async throws -> Value {
        let body = try await collect(upTo: maxBytes)
        do {
            return try body.decode(type, decoder)
        } catch {
            throw fail(
                ClientError(
                    .decoding, "The body (\(body.count) bytes) is no \(type).", cause: error, phase: .response))
        }
    }

    /// Its lines as text.
    public var lines: HTTPCall.Lines { lines(maxBytes: Self.defaultMaxLineBytes) }

    /// Its lines as text, of at most `maxBytes` each; a longer one throws ``ClientError`` with code `line_too_long`.
    public func lines(maxBytes: Int) -> HTTPCall.Lines { HTTPCall.Lines(body: self, maxLineBytes: maxBytes) }

    /// Its lines, each decoded from JSON. `makeDecoder` is called once per iteration.
    public func ndjson<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self, maxLineBytes: Int = defaultMaxLineBytes,
        makeDecoder: @escaping @Sendable () -> JSONDecoder = { JSONDecoder() }
    ) -> HTTPCall.JSONLines<Value> {
        HTTPCall.JSONLines(body: self, maxLineBytes: maxLineBytes, makeDecoder: makeDecoder)
    }

    /// Its server-sent events.
    public var serverSentEvents: HTTPCall.ServerSentEvents {
        serverSentEvents(maxEventBytes: Self.defaultMaxLineBytes)
    }

    /// Its server-sent events, of at most `maxEventBytes` each; a larger one throws ``ClientError`` with code
    /// `event_too_large`, or `line_too_long` if it is one line.
    public func serverSentEvents(maxEventBytes: Int) -> HTTPCall.ServerSentEvents {
        HTTPCall.ServerSentEvents(body: self, maxEventBytes: maxEventBytes)
    }
}
