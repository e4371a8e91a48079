import Foundation
import Subprocess
import SystemPackage
import Testing

/// Each example as its reader runs it: it ends by itself within ten seconds, and says what it claims.
@Suite(.timeLimit(.minutes(1))) struct ProgramTests {
    @Test(arguments: [
        ("token-budget", "24 answers in"), ("bulk-upload", "5000 embeddings in 31 requests"),
        ("polite-crawler", "39 pages of 3 sites in"),
        ("fan-out", "8 of 10 answers in"),
    ])
    func anExampleRunsAndEnds(_ name: String, _ claim: String) async throws {
        let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let start = ContinuousClock.now
        let run = try await Subprocess.run(
            .path(FilePath(folder.appending(path: name).path(percentEncoded: false))),
            output: .string(limit: 64 * 1024),
            error: .string(limit: 64 * 1024))
        #expect(run.terminationStatus.isSuccess, "\(run.standardOutput) \(run.standardError)")
        #expect(run.standardOutput.contains(claim))
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
