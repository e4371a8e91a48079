public import ContrailBase
public import HTTPTypes

/// The seam below every policy: one send on the wire, head plus body back. No retry, no queue, no redirect.
///
/// Every implementation passes the same contract tests. It throws ``TransportError`` and nothing else, of kind
/// `.cancelled` if the task was cancelled; then nothing of the send is left behind.
public protocol Transport: Sendable {
    /// Sends `request` once and returns when the head (``BodyMode/streaming``) or the whole body
    /// (``BodyMode/buffered(maxBytes:)``) is there.
    func send(_ request: WireRequest, mode: BodyMode) async throws -> WireResponse

    /// Fails what is under way, closes all connections and ends all threads. Idempotent; returns when it is done.
    func shutdown() async
}

/// How the body comes back.
public enum BodyMode: Sendable, Hashable {
    /// Collected by the transport; more than `maxBytes` is ``TransportError/Kind/bodyTooLarge``.
    case buffered(maxBytes: Int)
    /// Handed up in chunks behind the head, no faster than they are taken.
    case streaming
}

/// A body that is still on the wire. Taken by one consumer; not taking it holds the peer back.
public protocol WireBodyStream: AnyObject, Sendable {
    /// The next chunk, or `nil` at the end. Throws ``TransportError``, of kind `.cancelled` if the task was
    /// cancelled, which also ends the send. After the end or an error it keeps answering the same.
    func next() async throws -> ByteChunk?
    /// Gives up the rest: a short one of known length is read and thrown away, so that the connection can be used again;
    /// otherwise the connection is closed. Idempotent, never blocks; also done by deinit.
    func cancel()
    /// The measurements; complete once the stream has ended.
    var summary: SendSummary { get }
    /// The fields behind the body (RFC 9110 §6.5), once ``next()`` has returned `nil`. Default: none.
    var trailers: HTTPFields { get }
}

extension WireBodyStream {
    /// None.
    public var trailers: HTTPFields { [:] }
}
