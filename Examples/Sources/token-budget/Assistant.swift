import Contrail

/// What the API is asked.
struct Question: Codable, Sendable {
    var text: String
    /// The longest answer wanted, in tokens.
    var maxTokens = 60

    /// What it may cost: about a token for four characters of the question, and the answer.
    var tokens: Int { text.utf8.count / 4 + maxTokens }
}

/// Asks the API of a language model, within its budget.
struct Assistant: Sendable {
    private let client: HTTPClient
    private let url: String

    /// - Parameter budget: how many tokens per second; `nil`: as fast as questions come.
    init(url: String, budget: Int?) throws {
        self.url = url
        var configuration = HTTPClient.Configuration()
        if let budget {
            // Shared by all sends with the same key. A burst below the API's own leaves room for requests that bunch up
            // on their way.
            configuration.rateLimits = RateLimits(
                RateLimit(budget, .tokens, per: .seconds(1), burst: budget / 2, scope: .key))
        }
        // This API refuses before it acts, so that 429 may be repeated although a question is a POST. How long to wait is
        // read from Retry-After; the limiter reads it too, and holds back everybody who uses the key.
        configuration.retry = .apiClient
        client = try HTTPClient(configuration: configuration)
    }

    /// The answer; `hear` gets each word as it comes.
    func ask(_ question: Question, hear: (String) -> Void = { _ in }) async throws -> String {
        var request = try HTTPClient.Request.post(url, json: question)
        request.rateLimitKey = "our API key"
        request.tokenCost = question.tokens
        let response = try await client.stream(request).validateStatus()
        var words: [String] = []
        for try await event in response.body.serverSentEvents where event.data != "[DONE]" {
            let word = try Word(event).word
            hear(word)
            words.append(word)
        }
        return words.joined(separator: " ")
    }
}
