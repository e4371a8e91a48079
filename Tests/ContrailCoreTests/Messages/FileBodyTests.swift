import ContrailBase
import Foundation
import Testing

@testable import ContrailCore

@Suite(.timeLimit(.minutes(1))) struct FileBodyTests {
    private func withFile(_ bytes: [UInt8], _ body: (String) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "/contrail-file-body-\(UUID().uuidString)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private func bytes(_ body: HTTPCall.Body) async throws -> [UInt8] {
        Array(try await body.wire.collect(upTo: 1 << 24))
    }

    @Test func theWholeFileCanBeSentAgain() async throws {
        // More than two pieces, and not a multiple.
        let content = (0..<(2 * FileSource.pieceBytes + 77)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withFile(content) { path in
            let body = try HTTPCall.Body.file(path)
            #expect(body.isReplayable && body.length == Int64(content.count))
            for _ in 0..<2 { #expect(try await bytes(body) == content) }
        }
    }

    @Test(
        arguments: [(0, 3, "abc"), (2, nil, "cdef"), (2, 2, "cd"), (6, nil, ""), (6, 0, "")]
            as [(Int64, Int64?, String)])
    func aPartOfTheFile(offset: Int64, length: Int64?, expected: String) async throws {
        try await withFile(Array("abcdef".utf8)) { path in
            let body = try HTTPCall.Body.file(path, offset: offset, length: length)
            #expect(body.length == Int64(expected.utf8.count))
            #expect(try await bytes(body) == Array(expected.utf8))
        }
    }

    @Test(
        arguments: [(-1, nil), (7, nil), (2, 5), (0, -1), (Int64.max, Int64.max), (1, Int64.max)] as [(Int64, Int64?)])
    func aPartThatIsNotThereIsRefused(offset: Int64, length: Int64?) async throws {
        try await withFile(Array("abcdef".utf8)) { path in
            let problem = #expect(throws: HTTPCall.FileProblem.self) {
                try HTTPCall.Body.file(path, offset: offset, length: length)
            }
            #expect(problem?.path == path && problem?.errorNumber == nil)
        }
    }

    @Test func whatCannotBeReadIsRefusedBeforeTheCall() {
        let missing = #expect(throws: HTTPCall.FileProblem.self) { try HTTPCall.Body.file("/no/such/file") }
        #expect(missing?.errorNumber == ENOENT)
        #expect(throws: HTTPCall.FileProblem.self) { try HTTPCall.Body.file("/tmp") }
        #expect(throws: HTTPCall.FileProblem.self) { try HTTPCall.Body.file("/dev/zero") }
    }

    @Test func aFileThatShrankEndsEarly() async throws {
        try await withFile(Array("abcdef".utf8)) { path in
            let body = try HTTPCall.Body.file(path)
            try Data("abc".utf8).write(to: URL(fileURLWithPath: path))
            #expect(try await bytes(body) == Array("abc".utf8))
        }
    }

    @Test func aFileThatIsGoneFailsTheSend() async throws {
        try await withFile([1]) { path in
            let body = try HTTPCall.Body.file(path)
            try FileManager.default.removeItem(atPath: path)
            await #expect(throws: HTTPCall.FileProblem.self) { try await bytes(body) }
        }
    }

    @Test func aCancelledTaskStopsReading() async throws {
        try await withFile([UInt8](repeating: 1, count: 3 * FileSource.pieceBytes)) { path in
            let body = try HTTPCall.Body.file(path)
            let task = Task {
                try await body.wire.write { _ in unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
