import ContrailBase
import Foundation
import HTTPTypes
import Testing

/// The published test vectors: `Tests/Vectors/*.json`, a list of cases each.
enum Vectors {
    static func load<Case: Decodable>(_ name: String, file: String = #filePath) throws -> [Case] {
        let tests = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "Vectors/\(name).json"))
        let cases = try JSONDecoder().decode(File<Case>.self, from: data).cases
        try #require(!cases.isEmpty)
        return cases
    }

    private struct File<Case: Decodable>: Decodable {
        let cases: [Case]
    }

    /// Fields written as pairs, so that one may occur twice.
    static func fields(_ pairs: [[String]]) throws -> HTTPFields {
        var fields: HTTPFields = [.date: "Wed, 21 Oct 2026 07:28:00 GMT"]
        for pair in pairs { fields.append(HTTPField(name: try #require(HTTPField.Name(pair[0])), value: pair[1])) }
        return fields
    }
}
