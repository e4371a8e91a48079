public import ContrailBase

/// The measurements of one send: when what happened, over which connection, how much.
///
/// All instants are on the monotonic clock. What did not happen (no DNS on a reused connection) is `nil`.
public struct SendSummary: Sendable {
    /// When the send was handed to the transport.
    public var submitted: MonotonicInstant
    /// When the transport began with it.
    public var started: MonotonicInstant?
    /// When the name look-up began. `nil` if there was none (reused connection, cached address).
    public var lookupStarted: MonotonicInstant?
    /// When the first connect began. `nil` on a reused connection.
    public var connectStarted: MonotonicInstant?
    /// When TCP was up. `nil` on a reused connection.
    public var connected: MonotonicInstant?
    /// When the TLS handshake began. `nil` on a reused connection and without TLS. After a failed handshake it may be as
    /// early as `connectStarted`: libcurl does not always tell when TCP was up.
    public var handshakeStarted: MonotonicInstant?
    /// When TLS was up. `nil` on a reused connection and without TLS.
    public var secured: MonotonicInstant?
    /// When the connection was ours and the request began to go out. `nil`: nothing was sent.
    public var requestStarted: MonotonicInstant?
    /// When the body began to go out in its own time. `nil`: there is none, or it is so small (64 kB) that it went out
    /// with the head in one write.
    public var uploadStarted: MonotonicInstant?
    /// When the last byte of such a body was handed to the connection, at most one buffer (256 kB) before it left.
    /// `nil`: it did not get that far.
    public var uploaded: MonotonicInstant?
    /// When the first byte of the (final or 1xx) response came.
    public var firstByte: MonotonicInstant?
    /// When the head of the final response was complete.
    public var headCompleted: MonotonicInstant?
    /// When it was over: body complete, failed, or cancelled.
    public var ended: MonotonicInstant?

    /// How often the request went out: 0 (never reached the wire) or 1. A second is refused.
    public var wireSends = 0
    /// True if the connection had served an earlier request.
    public var connectionReused = false
    /// The peer's address as seen by the socket (a proxy's, if there is one).
    public var peerAddress: String?
    /// The peer's port.
    public var peerPort: Int?
    /// The interim responses (1xx, 103 Early Hints among them) that came before the final one, in order.
    public var interimResponses: [ResponseHead] = []
    /// Bytes of the request body that were handed to the connection, without the framing of chunks.
    public var requestBodyBytes: Int64 = 0
    /// Bytes of the response body as they came over the wire, before any decoding.
    public var responseBodyBytes: Int64 = 0

    /// A summary in which nothing has happened yet.
    public init(submitted: MonotonicInstant) { self.submitted = submitted }
}

extension SendSummary {
    /// A stretch of a send. The stretches of a send do not overlap and leave no gap from `submitted` to `ended`.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// Waiting in the transport: hand-over to its thread.
        case queue
        /// Name look-up.
        case dns
        /// TCP.
        case connect
        /// TLS handshake.
        case tls
        /// Body of the request on its way out, if it took more than one write.
        case send
        /// Request out, waiting for the first byte of the response.
        case wait
        /// From the first byte to the end.
        case receive
    }

    /// The stretch the send is in, or was in when it ended.
    public var phase: Phase { Phase.inOrder.last { start(of: $0) != nil } ?? .queue }

    /// How long each phase took, in order, without those that did not happen. They add up to `ended - submitted`.
    public var phases: [(phase: Phase, duration: Duration)] {
        var result: [(phase: Phase, duration: Duration)] = []
        forEachPhase { result.append(($0, .nanoseconds($1))) }
        return result
    }

    /// As ``phases``, in nanoseconds.
    package func forEachPhase(_ body: (Phase, Int64) -> Void) {
        guard let ended else { return }
        // A phase lasts until the next instant that is known. Instants are clamped so that none lies before the last.
        var (open, since) = (Phase.queue, submitted)
        for phase in Phase.inOrder.dropFirst() {
            guard let instant = start(of: phase) else { continue }
            let until = min(max(instant, since), ended)
            body(open, until.nanoseconds &- since.nanoseconds)
            (open, since) = (phase, until)
        }
        body(open, max(ended, since).nanoseconds &- since.nanoseconds)
    }

    private func start(of phase: Phase) -> MonotonicInstant? {
        switch phase {
        case .queue: submitted
        case .dns: lookupStarted
        case .connect: connectStarted
        case .tls: handshakeStarted ?? (secured == nil ? nil : connected)
        case .send: uploadStarted
        case .wait: uploadStarted == nil ? requestStarted : uploaded
        case .receive: firstByte
        }
    }
}

extension SendSummary.Phase {
    fileprivate static let inOrder = allCases
}
