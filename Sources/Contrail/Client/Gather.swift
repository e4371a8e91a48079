import ContrailBase
import ContrailCore

/// Runs many requests through a window: as many tasks as may be under way, not as many as there are requests.
enum Gather {
    static func all(
        _ requests: [HTTPCall.Request], window: Int,
        fetch: @escaping @Sendable (HTTPCall.Request) async throws -> HTTPCall.Response
    ) async -> HTTPClient.FetchResults {
        let board = GatherBoard(requests)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<min(window, requests.count) {
                group.addTask {
                    while let (index, request) = board.next() {
                        do {
                            board.put(.success(try await fetch(request)), at: index)
                        } catch {
                            board.put(.failure(error), at: index)
                        }
                    }
                }
            }
        }
        return HTTPClient.FetchResults(board.results())
    }
}

/// The requests still to do and the results so far, shared by the tasks of one gathering.
private final class GatherBoard: Sendable {
    private struct State {
        var next = 0
        var results: [Result<HTTPCall.Response, any Error>?]
    }

    private let requests: [HTTPCall.Request]
    private let state: Locked<State>

    init(_ requests: [HTTPCall.Request]) {
        self.requests = requests
        state = Locked(State(results: Array(repeating: nil, count: requests.count)))
    }

    func next() -> (Int, HTTPCall.Request)? {
        let index = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        return index < requests.count ? (index, requests[index]) : nil
    }

    func put(_ result: Result<HTTPCall.Response, any Error>, at index: Int) {
        state.withLock { $0.results[index] = result }
    }

    func results() -> [Result<HTTPCall.Response, any Error>] {
        state.withLock { $0.results }.map { $0 ?? .failure(CancellationError()) }
    }
}
