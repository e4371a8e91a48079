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
        _ request: WireRequest, _ call: CallState, _ permit: Permit
    ) async throws -> WireResponse {
        let (send, request) = try begin(request, call)
        let result: Result<WireResponse, any Error>
        do {
            result = .success(try await transport.send(request, mode: call.mode))
        } catch {
            result = .failure(error)
        }
        return try end(send, result, request, permit)
    }

    @inline(never)
    private func begin(_ request: WireRequest, _ call: CallState) throws -> (Send, WireRequest) {
        let now = time.now
        if let deadline = call.deadline, now >= deadline { throw CallPipeline.outOfTime(call) }
        var request = request
        // A step of the user's may have set a shorter one.
        let deadline = earlier(call.deadline, request.deadline)
        request.deadline = earlier(deadline, (call.request.attemptTimeout ?? attemptTimeout).map { now + $0 })
        // The default total rules a stream up to its head; what the caller asked for covers all of it.
        if call.request.timeout != nil { request.bodyDeadline = call.deadline }
        let send = Send(call, &request, at: now, time: time)
        call.request.progress?.begin(&request, send: send.ordinal)
        return (send, request)
    }

    @inline(never)
    private func end(
        _ send: Send, _ result: Result<WireResponse, any Error>, _ request: WireRequest, _ permit: Permit
    ) throws -> WireResponse {
        do {
            var response = try result.get()
            send.call.request.progress?.answered(request, response.summary, send: send.ordinal)
            switch response.body {
            case .buffered: send.end(.response(response.head), response.summary)
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
            if error.isEnd(of: send.call) { throw CallPipeline.outOfTime(send.call, error) }
            throw error
        } catch {
            // Only a transport that breaks its contract comes here; the span must not stay open for it.
            let failure = TransportError(.other, "\(type(of: error))", summary: SendSummary(submitted: send.begun))
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
    let call: CallState
    let ordinal: Int
    let begun: MonotonicInstant
    private let time: any TimeSource
    private let observations: [any SendObservation]

    /// Tells those who watch the call, and takes over what they write into the headers.
    init(_ call: CallState, _ request: inout WireRequest, at now: MonotonicInstant, time: any TimeSource) {
        self.call = call
        ordinal = call.takeOrdinal()
        begun = now
        self.time = time
        guard !call.observations.isEmpty else {
            observations = []
            return
        }
        let start = SendStart(
            ordinal: ordinal, method: request.method, url: request.url,
            urlTemplate: request.redirectCount == 0 ? call.request.urlTemplate : nil, start: now)
        observations = call.observations.compactMap { $0.sendWillStart(start, headers: &request.headers) }
    }

    func end(_ outcome: SendOutcome, _ summary: SendSummary) {
        let now = time.now
        let ended = summary.ended ?? now
        call.record(
            HTTPCall.Attempt(
                ordinal: ordinal, statusCode: outcome.statusCode, failure: outcome.failureCode,
                summary: summary, resumeDelay: max(now - ended, .zero)))
        guard !observations.isEmpty else { return }
        let end = SendEnd(outcome: outcome, summary: summary, end: ended)
        for observation in observations { observation.sendDidEnd(end) }
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

    /// As that of ``head``, without a copy of it.
    package var statusCode: Int? {
        switch self {
        case .response(let head): head.status.code
        case .failure(_, let head), .cancelled(let head): head?.status.code
        }
    }

    var failureCode: ClientError.Code? {
        guard case .failure(let error, _) = self else { return nil }
        return .transport(error.kind)
    }
}
