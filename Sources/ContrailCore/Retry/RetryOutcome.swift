/// How a send went, for the decision about another.
public struct RetryOutcome: Sendable {
    /// What it means by the table of `docs/resilience.md`.
    public var outcomeClass: OutcomeClass
    /// The head of the response; `nil` if none came.
    public var head: ResponseHead?
    /// Why it failed on the wire; `nil` if a response came.
    public var failure: TransportError.Kind?
    /// Whether sending twice is the same as sending once.
    public internal(set) var isIdempotent = true
    /// Sends so far, this one included; one for free is not counted.
    public internal(set) var attempts = 0
    /// What the server asked for.
    var serverDelay: ServerDelay?

    init(
        _ outcomeClass: OutcomeClass, head: ResponseHead? = nil, failure: TransportError.Kind? = nil,
        serverDelay: ServerDelay? = nil
    ) {
        self.outcomeClass = outcomeClass
        self.head = head
        self.failure = failure
        self.serverDelay = serverDelay
    }

    /// False for what came about without the wire: cancellation, a refused permit, an error of a user's step.
    var isOfASend: Bool { head != nil || failure != nil || outcomeClass != .final }

    /// A kept-alive connection had died: says nothing about the server.
    var isStaleConnection: Bool { failure == .staleConnection }
}
