import ContrailTesting
import FakeServices
import Foundation

/// A stand-in for the API of a language model: one key, a budget of tokens per second, answers streamed word by word.
final class ModelAPI: Sendable {
    /// What the key may use.
    static let tokensPerSecond = 1000

    let tokens = Quota(perSecond: tokensPerSecond)
    private let server: FaultServer

    init() throws {
        server = try FaultServer.start()
        server.on("/v1/answers", .custom { [tokens] in Self.serve($0, tokens) })
    }

    var url: String { server.url("/v1/answers") }
    /// How many requests came, refused ones included.
    var requestCount: Int { server.record.requestCount }

    private static func serve(_ exchange: FaultServer.Exchange, _ tokens: Quota) {
        guard let question = try? JSONDecoder().decode(Question.self, from: Data(exchange.request.body)) else {
            return exchange.respond(400, body: "no question")
        }
        if let wait = tokens.take(question.tokens) { return exchange.refuse(for: wait) }
        exchange.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for word in answer(to: question) {
            send("data: {\"word\":\"\(word)\"}\n\n", exchange)
            exchange.wait(.milliseconds(10))
        }
        send("data: [DONE]\n\n", exchange)
        exchange.send("0\r\n\r\n")
    }

    static func answer(to question: Question) -> [String] {
        ["What", "you", "ask,", "“\(question.text)”,", "is", "answered", "in", "the", "manual."]
    }

    private static func send(_ event: String, _ exchange: FaultServer.Exchange) {
        exchange.send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
    }
}
