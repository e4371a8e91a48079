import FakeServices
import Foundation

/// Twenty-four questions at once to an API that allows 1,000 tokens per second, some 15 questions' worth. Somebody else
/// has just used the key, so that the first of them are refused; the rest wait their turn here.
@main struct TokenBudget {
    static func main() async throws {
        let api = try ModelAPI()
        api.tokens.useUp()
        let start = ContinuousClock.now
        let answers = try await askAll(api, budget: ModelAPI.tokensPerSecond) { print($0, terminator: " ") }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(String(format: "\n%d answers in %.1f s", answers.count, seconds))
        print(
            "the API took \(api.tokens.taken) tokens, and refused \(api.tokens.refused) of \(api.requestCount) requests"
        )
        exit(answers.count == questions.count ? 0 : 1)
    }

    static let questions = (1...24).map { Question(text: "What is number \($0)?") }

    /// Asks all questions at once; `hear` gets the words of the first answer as they come.
    static func askAll(
        _ api: ModelAPI, budget: Int?, hear: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> [String] {
        let assistant = try Assistant(url: api.url, budget: budget)
        return try await withThrowingTaskGroup(of: String.self) { group in
            for (index, question) in questions.enumerated() {
                group.addTask { try await assistant.ask(question, hear: index == 0 ? hear : { _ in }) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
