public import ContrailBase
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

        /// The status.
        public var status: HTTPResponse.Status { head.status }
        /// The header fields. Parsed at each access: keep them if you need several.
        public var headers: HTTPFields { head.headers }
    }

    /// The chunks of a body, as they come. The peer is held back while nobody takes them.
    ///
    /// One iteration by one task. Dropping the sequence or cancelling the task ends the call.
    public struct BodyStream: AsyncSequence, Sendable {
        fileprivate enum Source: Sendable {
            case wire(any WireBodyStream, publish: @Sendable (TransportError) -> any Error)
            case chunk(ByteChunk)
        }
        private let source: Source

        init(_ stream: any WireBodyStream, publish: @escaping @Sendable (TransportError) -> any Error) {
            source = .wire(stream, publish: publish)
        }
        init(_ chunk: ByteChunk) { source = .chunk(chunk) }

        /// Iterates the chunks.
        public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

        /// All of it, if it is at most `maxBytes`; more throws ``ClientError`` with code `body_too_large`.
        public func collect(upTo maxBytes: Int) async throws -> ByteChunk {
            var bytes: [UInt8] = []
            for try await chunk in self {
                guard bytes.count + chunk.count <= maxBytes else {
                    if case .wire(let stream, _) = source { stream.cancel() }
                    throw ClientError(.transport(.bodyTooLarge), "The body has more than \(maxBytes) bytes.")
                }
                bytes.append(contentsOf: chunk)
            }
            return ByteChunk(bytes)
        }

        /// Takes the chunks one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate var source: Source?

            /// The next chunk, or `nil` at the end. Throws ``ClientError``, or `CancellationError`.
            public mutating func next() async throws -> ByteChunk? {
                switch source {
                case nil:
                    return nil
                case .chunk(let chunk):
                    source = nil
                    return chunk.isEmpty ? nil : chunk
                case .wire(let stream, let publish):
                    do {
                        return try await stream.next()
                    } catch let error as TransportError {
                        throw publish(error)
                    }
                }
            }
        }
    }
}
