import ContrailBase
import HTTPTypes

/// One send: counts it, lets the observers mark it, sets its deadline, hands it to the transport, records how it went.
struct Sender: Sendable {
    private let transport: any Transport
    private let time: any TimeSource
    private let attemptTimeout: Duration?

    init(transport: any Transport, settings: PipelineSettings) {
        self.transport = transport
        time = settings.time
        attemptTimeout = settings.attemptTimeout
    }

    func send(
        _ request: WireRequest, _ mode: BodyMode, _ call: CallState, _ permit: Permit
    ) async throws -> WireResponse {
        let now = time.now
        if let deadline = call.deadline, now >= deadline { throw CallPipeline.outOfTime(call) }
        var request = request
        // A step of the user's may have set a shorter one.
        let deadline = earlier(call.deadline, request.deadline)
        request.deadline = earlier(deadline, (call.request.attemptTimeout ?? attemptTimeout).map { now + $0 })
        // The default total rules a stream up to its head; what the caller asked for covers all of it.
        if call.request.timeout != nil { request.bodyDeadline = call.deadline }
        let ordinal = call.takeOrdinal()
        let send = Send(call: call, ordinal: ordinal, time: time)
        send.start(&request, at: now)
        call.request.progress?.begin(&request, send: ordinal)
        do {
            var response = try await transport.send(request, mode: mode)
            call.request.progress?.answered(request, response.summary, send: ordinal)
            switch response.body {
            case .buffered:
                send.end(.response(response.head), response.summary)
            case .stream(let stream):
                permit.hold()
                response.body = .stream(send.observing(stream, response.head) { permit.endHold() })
            }
            return response
        } catch let error as TransportError {
            guard error.kind != .cancelled else {
                send.end(.cancelled(nil), error.summary)
                throw CancellationError()
            }
            send.end(.failure(error, nil), error.summary)
            if error.isEnd(of: call) { throw CallPipeline.outOfTime(call, error) }
            throw error
        } catch {
            // Only a transport that breaks its contract comes here; the span must not stay open for it.
            let failure = TransportError(.other, "\(type(of: error))", summary: SendSummary(submitted: now))
            send.end(error is CancellationError ? .cancelled(nil) : .failure(failure, nil), failure.summary)
            throw error
        }
    }

    private func earlier(_ a: MonotonicInstant?, _ b: MonotonicInstant?) -> MonotonicInstant? {
        guard let a, let b else { return a ?? b }
        return min(a, b)
    }
}

extension TransportError {
    /// True if it was the call's own time that ran out, not only the send's.
    func isEnd(of call: CallState) -> Bool {
        guard kind == .timeout, let deadline = call.deadline, let ended = summary.ended else { return false }
        return ended >= deadline
    }
}

/// A send under way, with those who watch it.
private final class Send: Sendable {
    private let call: CallState
    private let ordinal: Int
    private let time: any TimeSource
    private let observations = Locked<[any SendObservation]>([])

    init(call: CallState, ordinal: Int, time: any TimeSource) {
        self.call = call
        self.ordinal = ordinal
        self.time = time
    }

    func start(_ request: inout WireRequest, at now: MonotonicInstant) {
        guard !call.observations.isEmpty else { return }
        let start = SendStart(
            ordinal: ordinal, method: request.method, url: request.url,
            urlTemplate: request.redirectCount == 0 ? call.request.urlTemplate : nil, start: now)
        var headers = request.headers
        let watching = call.observations.compactMap { $0.sendWillStart(start, headers: &headers) }
        request.headers = headers
        observations.withLock { $0 = watching }
    }

    func end(_ outcome: SendOutcome, _ summary: SendSummary) {
        let now = time.now
        let ended = summary.ended ?? now
        call.record(
            HTTPCall.Attempt(
                ordinal: ordinal, statusCode: outcome.head?.status.code, failure: outcome.failureCode,
                summary: summary, resumeDelay: max(now - ended, .zero)))
        let end = SendEnd(outcome: outcome, summary: summary, end: ended)
        for observation in observations.withLock({ $0 }) { observation.sendDidEnd(end) }
    }

    func observing(
        _ stream: any WireBodyStream, _ head: ResponseHead, then release: @escaping @Sendable () -> Void
    ) -> ObservedBody {
        // The closure must not keep the stream alive: dropping the body is what ends it.
        ObservedBody(stream) { [self, weak stream] ending in
            var summary = stream?.summary ?? SendSummary(submitted: time.now)
            if summary.ended == nil { summary.ended = time.now }
            switch ending {
            case .complete, .discarded: end(.response(head), summary)
            case .failed(let error): end(.failure(error, head), error.summary)
            case .cancelled: end(.cancelled(head), summary)
            }
            release()
        }
    }
}

extension SendOutcome {
    /// The head, if one came.
    package var head: ResponseHead? {
        switch self {
        case .response(let head): head
        case .failure(_, let head), .cancelled(let head): head
        }
    }

    var failureCode: ClientError.Code? {
        guard case .failure(let error, _) = self else { return nil }
        return .transport(error.kind)
    }
}
