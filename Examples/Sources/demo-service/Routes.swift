import CallChain
import Contrail
import Hummingbird
import Synchronization

/// What every service answers.
struct Answer: ResponseCodable {
    /// Who answers.
    var service: String
    /// How many of the services that it asked answered well.
    var answered: Int
    /// How many did not.
    var failed: Int
}

/// `GET /NAME/{id}`: misbehaves if it is told to, asks the services below all at once, answers.
func makeRouter(for launch: ServiceLaunch, client: HTTPClient) -> Router<BasicRequestContext> {
    let router = Router()
    router.middlewares.add(TracingMiddleware())
    let faults = FaultCounter(launch.behaviour == .overloadedTwice ? launch.behaviour.failures : 0)
    router.get("/\(launch.name)/{id}") { _, context in
        guard !faults.takeOne() else { throw HTTPError(.serviceUnavailable) }
        if launch.behaviour == .slow { try await Task.sleep(for: .milliseconds(300)) }
        return await askAll(launch, with: client, id: try context.parameters.require("id"))
    }
    return router
}

private func askAll(_ launch: ServiceLaunch, with client: HTTPClient, id: String) async -> Answer {
    let results = await client.fetchAll(launch.calls.map { .get("\($0)/\(id)") })
    let answered = results.successes.count { $0.status.code == 200 }
    return Answer(service: launch.name, answered: answered, failed: launch.calls.count - answered)
}

/// How many requests still have to fail.
final class FaultCounter: Sendable {
    private let remaining: Mutex<Int>

    init(_ count: Int) { remaining = Mutex(count) }

    /// True if this request is one of them.
    func takeOne() -> Bool {
        remaining.withLock { remaining in
            guard remaining > 0 else { return false }
            remaining -= 1
            return true
        }
    }
}
