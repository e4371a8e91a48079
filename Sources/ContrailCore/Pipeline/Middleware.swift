/// A step of the pipeline that a user adds: changes requests, looks at responses, answers instead of the server.
///
/// The same protocol serves both positions. *Per call* it runs once, around retries. *Per send* it runs for every send,
/// after the permit is granted and before the span starts: the place for authentication and signing.
public protocol HTTPMiddleware: Sendable {
    /// Handles `request`, normally by calling `next` once. Errors thrown here fail the call as they are.
    /// Runs on the caller's executor, under the call's span; cancellation is the task's.
    func handle(_ request: WireRequest, next: Next) async throws -> WireResponse

    /// The rest of the pipeline.
    typealias Next = @Sendable (WireRequest) async throws -> WireResponse
}
