import FakeServices
import Testing

@testable import token_budget

@Suite(.timeLimit(.minutes(1))) struct TokenBudgetTests {
    private let expected = Set(
        TokenBudget.questions.map { ModelAPI.answer(to: $0).joined(separator: " ") })

    @Test func allAreAnsweredWholeAndOnlyTheFirstAreRefused() async throws {
        let api = try ModelAPI()
        api.tokens.useUp()
        let answers = try await TokenBudget.askAll(api, budget: ModelAPI.tokensPerSecond)
        #expect(Set(answers) == expected && answers.count == expected.count)
        // The seven that the client's own burst lets out, and what it earns until the first 429 is back.
        #expect((1...12).contains(api.tokens.refused))
        #expect(api.requestCount == answers.count + api.tokens.refused)
    }

    @Test func withinTheBudgetNobodyIsRefused() async throws {
        let api = try ModelAPI()
        #expect(try await TokenBudget.askAll(api, budget: ModelAPI.tokensPerSecond).count == expected.count)
        #expect(api.tokens.refused == 0)
        #expect(api.tokens.taken == TokenBudget.questions.reduce(0) { $0 + $1.tokens })
    }

    /// The API's limit is real.
    @Test func withoutABudgetManyAreRefusedAndRetryAfterGetsThemThrough() async throws {
        let api = try ModelAPI()
        #expect(try await TokenBudget.askAll(api, budget: nil).count == expected.count)
        #expect(api.tokens.refused >= 5)
    }

    @Test func wordsAreHeardAsTheyCome() async throws {
        let api = try ModelAPI()
        let question = TokenBudget.questions[0]
        var heard: [String] = []
        _ = try await Assistant(url: api.url, budget: nil).ask(question) { heard.append($0) }
        #expect(heard == ModelAPI.answer(to: question))
    }
}
