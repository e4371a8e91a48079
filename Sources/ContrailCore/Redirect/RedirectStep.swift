import ContrailBase
import HTTPTypes

/// The redirect step of the pipeline: every hop goes through everything below it like a request of its own.
struct RedirectStep {
    private var session: RedirectSession
    private let time: any TimeSource

    init(policy: RedirectPolicy, secretHeaders: Set<String>, time: any TimeSource) {
        session = RedirectSession(policy: policy, secretHeaders: secretHeaders)
        self.time = time
    }

    /// What to send after `response`; `nil` if that is the call's.
    mutating func next(
        after response: WireResponse, to request: WireRequest, _ call: CallState
    ) throws -> WireRequest? {
        switch session.decide(after: response.head, to: request) {
        case .finish:
            call.arrived(at: request)
            return nil
        case .follow(let next, let redirect):
            response.discardBody()
            call.record(redirect)
            call.tell(.redirectFollowed(redirect, at: time.now))
            return next
        case .refuse(let refusal, let detail):
            response.discardBody()
            call.tell(.redirectRefused(refusal, at: time.now))
            throw error(refusal, detail, response, to: request, call)
        }
    }

    private func error(
        _ refusal: RedirectRefusal, _ detail: String, _ response: WireResponse, to request: WireRequest,
        _ call: CallState
    ) -> ClientError {
        let status = response.statusCode
        let history = call.snapshot
        var error = ClientError(
            refusal.code, "The redirect (status \(status)) was not followed. \(detail)",
            target: "\(request.method.rawValue) \(request.url.withoutQuery)", phase: .response)
        error.attempts = history.attempts
        error.response = HTTPCall.Response(
            head: response.head, body: response.collectedBody, url: request.url, method: request.method,
            attempts: history.attempts, redirects: history.redirects)
        return error
    }
}

extension RedirectRefusal {
    fileprivate var code: ClientError.Code {
        switch self {
        case .tooMany: .tooManyRedirects
        case .invalidLocation: .invalidRedirect
        case .scheme, .downgrade, .otherOrigin, .policy, .bodyNotReplayable: .redirectRefused
        }
    }
}

extension WireResponse {
    /// The response is not for the caller: its connection is not held any longer.
    func discardBody() {
        guard case .stream(let stream) = body else { return }
        if let observed = stream as? ObservedBody { observed.discard() } else { stream.cancel() }
    }

    /// What is in memory; nothing of a stream.
    fileprivate var collectedBody: ByteChunk {
        if case .buffered(let chunk) = body { chunk } else { .empty }
    }
}
