public import ContrailBase
public import HTTPTypes

extension HTTPCall {
    /// The chunks of a body, as they come. The peer is held back while nobody takes them.
    ///
    /// One iteration by one task. Dropping the sequence or cancelling the task ends the call. To have more than chunks see
    /// ``collect(upTo:)``, ``text(upTo:)``, ``json(_:upTo:decoder:)``, ``lines``, ``ndjson(_:maxLineBytes:makeDecoder:)`` and
    /// ``serverSentEvents``.
    public struct BodyStream: AsyncSequence, Sendable {
        fileprivate enum Source: Sendable {
            case wire(any WireBodyStream)
            case chunk(ByteChunk)
        }
        private let source: Source
        private let publish: @Sendable (any Error) -> any Error
        /// What ``collect(upTo:)`` takes unless told otherwise.
        let maxCollectedBytes: Int
        /// Whoever handed the body out for a time; `nil`: nobody.
        private var scope: BodyScope?

        init(
            _ stream: any WireBodyStream, maxCollectedBytes: Int,
            publish: @escaping @Sendable (any Error) -> any Error
        ) {
            source = .wire(stream)
            self.maxCollectedBytes = maxCollectedBytes
            self.publish = publish
        }

        init(_ chunk: ByteChunk, publish: @escaping @Sendable (any Error) -> any Error) {
            source = .chunk(chunk)
            maxCollectedBytes = chunk.count
            self.publish = publish
        }

        /// The fields that came behind the body (RFC 9110 §6.5); there once the iteration has ended.
        public var trailers: HTTPFields { if case .wire(let stream) = source { stream.trailers } else { [:] } }

        /// Iterates the chunks.
        public func makeAsyncIterator() -> Iterator { Iterator(source: source, scope: scope, publish: publish) }

        /// Gives up the rest: the connection and the permit go back, the spans end. Idempotent.
        public func cancel() {
            if case .wire(let stream) = source { stream.cancel() }
        }

        /// The error for the caller, who will not take the rest.
        func fail(_ error: ClientError) -> any Error {
            cancel()
            return publish(error)
        }

        func within(_ scope: BodyScope) -> BodyStream {
            var body = self
            body.scope = scope
            return body
        }

        /// Takes the chunks one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate var source: Source?
            fileprivate let scope: BodyScope?
            fileprivate let publish: @Sendable (any Error) -> any Error

            /// The next chunk, or `nil` at the end. Throws ``ClientError``, or `CancellationError`.
            public mutating func next() async throws -> ByteChunk? {
                if let scope, scope.isOver { throw publish(BodyScope.refusal) }
                switch source {
                case nil:
                    return nil
                case .chunk(let chunk):
                    source = nil
                    return chunk.isEmpty ? nil : chunk
                case .wire(let stream):
                    do {
                        return try await stream.next()
                    } catch let error as TransportError {
                        throw publish(error)
                    }
                }
            }

            /// As ``next()``, on the caller's actor: a `for` loop asks here.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteChunk? {
                try await next()
            }
        }
    }
}

/// The time for which a body is lent.
final class BodyScope: Sendable {
    private let state = Locked(false)

    var isOver: Bool { state.withLock { $0 } }
    func end() { state.withLock { $0 = true } }

    static let refusal = ClientError(
        .bodyOutOfScope, "The body was used after the closure that it was given to had returned.", phase: .response)
}
