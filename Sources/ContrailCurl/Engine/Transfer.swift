import ContrailBase
import ContrailCore

/// One send from submission to its only answer.
///
// SAFETY: the `let`s are shared. `reply` is set by the sender before it submits the transfer, which hands it
// over through the inbox's lock or the turn's; from then on it and every other `var` belong to who has the loop's turn, but for `reply` and
// `answer` once they are among the ``Deliveries``: these go on through the relay's lock, and nothing else touches the two. A
// sender that could not submit still owns the transfer. Cancelling touches none of this: it only sends a command.
final class Transfer: HeapMember, @unchecked Sendable {
    let block: RequestBlock
    let body: ByteChunk?
    let origin: Origin
    let mode: BodyMode
    let needsNewConnection: Bool
    let limits: TimeLimits
    /// `nil`: the body is handed on as it comes.
    let decoding: ContentDecoding?
    let submitted: MonotonicInstant
    /// What keeps the loop alive while a stream of it is being read.
    let transport: CurlTransport

    var reply: Reply<WireResponse>?

    var state = State.submitted
    var slot: Slot?
    var lane: OriginGate<Transfer>.Lane = -1
    var heapIndex = -1
    var liveIndex = -1
    var started: MonotonicInstant?
    var isConnected = false
    /// Its consumer is gone; only the rest of the body is read.
    var isDraining = false
    /// The stream's other end, once the head was handed up.
    var pipe: BodyPipe?
    /// When the consumer last let the peer go on.
    var resumed = MonotonicInstant(nanoseconds: 0)
    /// The request body, if it goes out in its own time. Set by the sender, as `reply`.
    private(set) var upload: Upload?
    var answer: Result<WireResponse, any Error>?

    enum State {
        /// On its way to the loop.
        case submitted
        /// Cancelled before the loop saw it.
        case cancelledEarly
        /// In the gate.
        case waiting
        /// With libcurl.
        case running
        /// Answered, or with its answer in the batch of this turn.
        case over
    }

    init(
        _ request: WireRequest, block: RequestBlock, mode: BodyMode, submitted: MonotonicInstant,
        transport: CurlTransport
    ) {
        self.block = block
        body = request.body?.bytes
        origin = request.origin
        self.mode = mode
        limits = TimeLimits(
            deadline: request.deadline, bodyDeadline: request.bodyDeadline, connect: request.connectTimeout,
            timeToHead: request.timeToHeadTimeout, idleRead: request.idleReadTimeout, isStreaming: mode == .streaming)
        needsNewConnection = request.needsNewConnection
        decoding = block.decoding
        self.submitted = submitted
        self.transport = transport
        upload = Upload(request, of: self)
    }

    /// True if it goes out at once and in the clear: bodies of their own time have commands to come, and how a TLS library writes
    /// to a closed socket is for a thread that takes no signals.
    var suitsItsSendersThread: Bool { upload == nil && origin.scheme == .http }

    /// Where the body begins; never nil, since libcurl takes nil as "read from a file".
    var bodyStart: UnsafeRawPointer {
        // SAFETY: a chunk's memory is on the heap and stays where it is as long as a copy of the chunk lives; this
        // transfer keeps one. A static string lives for ever.
        let none = unsafe UnsafeRawPointer(("" as StaticString).utf8Start)
        return unsafe body?.withUnsafeBytes { $0.baseAddress } ?? none
    }

    /// Answers a transfer that no loop took.
    func refuse() {
        upload?.abandon()
        var summary = SendSummary(submitted: submitted)
        summary.ended = LoopDriver.readClock()
        answer = .failure(TransportError(.shutDown, "the transport was shut down", summary: summary))
        deliver()
    }

    /// Gives the answer to the sender. Once; under no lock but the loop's turn.
    func deliver() {
        guard let reply, let answer else { return }
        self.reply = nil
        self.answer = nil
        reply.resume(with: answer)
    }
}
