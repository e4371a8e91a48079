/// The collector's state on a board that tests wait at.
final class CollectorInbox: Sendable {
    typealias Verdict = Noticeboard<CollectorState>.Verdict
    private let board: Noticeboard<CollectorState>

    init(_ configuration: FakeCollector.Configuration) {
        board = Noticeboard(
            CollectorState(maxRequests: configuration.maxKeptRequests, maxSpans: configuration.maxKeptSpans),
            stopped: FakeCollectorError.stopped)
    }

    var requests: [FakeCollector.ReceivedRequest] { board.content.requests }
    var spans: [FakeCollector.ReceivedSpan] { board.content.spans }
    var notKept: Int { board.content.notKept }

    func behave(_ behavior: FakeCollector.Behavior, times: Int?) { board.change { $0.behave(behavior, times: times) } }

    func follow(_ script: [FakeCollector.Behavior]) { board.change { $0.follow(script) } }

    func takeBehavior() -> FakeCollector.Behavior { board.change { $0.takeBehavior() } }

    func reset() { board.change { $0.reset() } }

    func receive(_ request: FakeCollector.ReceivedRequest) { board.announce { $0.receive(request) } }

    func close() { board.close() }

    /// Asks `judge` after every request until it is content, or time is up.
    func wait<Result: Sendable>(
        timeout: Duration, until judge: @escaping @Sendable (CollectorState) -> Verdict<Result>
    ) async throws -> Result {
        try await board.wait(timeout: timeout, until: judge)
    }
}
