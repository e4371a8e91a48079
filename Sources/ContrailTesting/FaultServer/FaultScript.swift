/// Which plan is whose, and how often each was asked.
struct FaultScript: Sendable {
    private struct Route: Sendable {
        var plan: FaultServer.Plan
        var turns = 0
        /// Turns that a connection took before it sent a request.
        mutating func take() -> Int {
            defer { turns += 1 }
            return turns
        }
    }

    private var routes: [String: Route] = [:]
    private var other: Route

    init(_ plan: FaultServer.Plan) { other = Route(plan: plan) }

    /// Sets the plan of a path, or that of all others.
    mutating func set(_ plan: FaultServer.Plan, for path: String?) {
        if let path { routes[path] = Route(plan: plan) } else { other = Route(plan: plan) }
    }

    /// What to do with a connection before anything is read; `nil`: wait for its requests.
    mutating func stepsOnConnect(_ connection: Int) -> [FaultServer.Step]? {
        guard let steps = other.plan.stepsOnConnect(turn: other.turns) else { return nil }
        _ = other.take()
        return steps
    }

    /// The plan for a request, and which of its turns it is.
    mutating func takeTurn(for request: FaultServer.ReceivedRequest) -> (plan: FaultServer.Plan, turn: Int) {
        guard let plan = routes[request.path]?.plan else { return (other.plan, other.take()) }
        return (plan, routes[request.path]?.take() ?? 0)
    }
}
