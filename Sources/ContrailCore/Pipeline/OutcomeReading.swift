import HTTPTypes

/// What the retry step reads in the outcome of a send.
struct OutcomeReading {
    let outcome: RetryOutcome
    /// A low-cardinality reason, as in `error.type`.
    let reason: String
    /// The outcome was made here, before anything could be sent: a limit, a full queue.
    let isRefusedAdmission: Bool
    private let response: WireResponse?

    /// - Parameter wallNanoseconds: the wall clock, for waits that servers give as dates.
    init(_ outcome: Result<WireResponse, any Error>, wallNanoseconds: @autoclosure () -> Int64) {
        var isRefusedAdmission = false
        switch outcome {
        case .success(let response):
            self.outcome = Self.read(response.head, wallNanoseconds: wallNanoseconds)
            reason = String(response.statusCode)
            self.response = response
        case .failure(let error as TransportError):
            self.outcome = RetryOutcome(.of(error), failure: error.kind)
            reason = error.kind.description
            response = nil
        case .failure(let error):
            self.outcome = RetryOutcome(.final)
            reason = "\(type(of: error))"
            response = nil
            isRefusedAdmission = (error as? ClientError).map { $0.phase == .admission && $0.code != .shutDown } ?? false
        }
        self.isRefusedAdmission = isRefusedAdmission
    }

    /// Fields are only parsed where they can matter.
    private static func read(_ head: ResponseHead, wallNanoseconds: () -> Int64) -> RetryOutcome {
        let status = head.status.code
        guard status >= 400 else { return RetryOutcome(.of(status: status), head: head) }
        let delay = ServerDelay.read(head.headers, wallNanoseconds: wallNanoseconds())
        return RetryOutcome(.of(status: status, saysWhen: delay != nil), head: head, serverDelay: delay)
    }

    /// The response is not for the caller: its connection is not held any longer.
    func discardBody() { response?.discardBody() }

    /// True if the outcome can still be handed to the caller after ``discardBody()``.
    var outlastsDiscarding: Bool {
        if case .stream? = response?.body { return false }
        return true
    }
}
