import HTTPTypes

/// What the retry step reads in the outcome of a send.
struct OutcomeReading {
    let outcomeClass: OutcomeClass
    let isStaleConnection: Bool
    /// A low-cardinality reason, as in `error.type`.
    let reason: String
    private let response: WireResponse?

    init(_ outcome: Result<WireResponse, any Error>) {
        switch outcome {
        case .success(let response):
            outcomeClass = .of(status: response.head.status.code)
            isStaleConnection = false
            reason = String(response.head.status.code)
            self.response = response
        case .failure(let error as TransportError):
            outcomeClass = .of(error)
            isStaleConnection = error.kind == .staleConnection
            reason = error.kind.description
            response = nil
        case .failure(let error):
            outcomeClass = .final
            isStaleConnection = false
            reason = "\(type(of: error))"
            response = nil
        }
    }

    /// The response is not for the caller: its connection is not held any longer.
    func discardBody() { response?.discardBody() }
}
