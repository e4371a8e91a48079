import Contrail
import Foundation

/// One event of an answer.
struct Word: Decodable {
    let word: String

    init(_ event: HTTPCall.ServerSentEvent) throws {
        self = try JSONDecoder().decode(Word.self, from: Data(event.data.utf8))
    }
}
