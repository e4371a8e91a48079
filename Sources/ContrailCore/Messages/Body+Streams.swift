import ContrailBase

extension HTTPCall.Body {
    /// The chunks of `sequence`, sent as they come. One-shot: once the first was asked for, the request is not sent
    /// again, by no retry and no redirect.
    ///
    /// The sequence is iterated by a task of its own, which begins when the connection is there, inherits the caller's
    /// task-local values, waits while the connection does not keep up, and is cancelled when the call ends first. An
    /// error of the sequence ends the call with code `request_body_failed` and that error as its cause.
    ///
    /// `length` is a promise in bytes: fewer or more end the call with `request_body_length`, and the server never gets
    /// a whole request then. The last bytes go out when the sequence has ended, so it must end. Default `nil`: not
    /// known, sent in chunks (RFC 9112 §7.1), which servers of HTTP/1.0 do not understand.
    public static func stream<Chunks: AsyncSequence & Sendable>(
        _ sequence: Chunks, length: Int64? = nil, contentType: String? = nil
    ) -> HTTPCall.Body where Chunks.Element: Sequence<UInt8> {
        let wire = WireBody(length: length, isReplayable: false) { sink in
            for try await chunk in sequence { try await sink(byteChunk(chunk)) }
        }
        return HTTPCall.Body(wire, contentType: contentType)
    }

    /// The chunks of the sequence that `make` makes, anew for each send: such a body can be sent again.
    ///
    /// Otherwise as ``stream(_:length:contentType:)``. What `make` throws counts as an error of the sequence.
    public static func factory<Chunks: AsyncSequence & Sendable>(
        length: Int64? = nil, contentType: String? = nil, _ make: @escaping @Sendable () async throws -> Chunks
    ) -> HTTPCall.Body where Chunks.Element: Sequence<UInt8> {
        let wire = WireBody(length: length, isReplayable: true) { sink in
            for try await chunk in try await make() { try await sink(byteChunk(chunk)) }
        }
        return HTTPCall.Body(wire, contentType: contentType)
    }

    private static func byteChunk(_ bytes: some Sequence<UInt8>) -> ByteChunk {
        (bytes as? ByteChunk) ?? ByteChunk(bytes)
    }
}
