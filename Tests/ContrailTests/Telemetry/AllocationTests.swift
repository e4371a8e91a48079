import ContrailTestSupport
import Foundation
import Testing

private let valgrind = "/usr/bin/valgrind"
private let strip = "/usr/bin/strip"

/// What a span costs in pieces of memory, counted by valgrind: a program of its own, so that nobody else's are counted,
/// and an optimised one.
@Suite(
    .enabled(if: TestEnvironment.optimisedProgram != nil, "scripts/test --optimised"),
    .enabled(
        if: [valgrind, strip].allSatisfy(FileManager.default.isExecutableFile), "scripts/setup installs valgrind"),
    .timeLimit(.minutes(3)))
struct AllocationTests {
    /// On the native path the list of attributes is one piece, however many there are, and their values are in it.
    @Test func anAttributeAllocatesNothing() async throws {
        let program = try await stripped(try #require(TestEnvironment.optimisedProgram))
        defer { try? FileManager.default.removeItem(atPath: program) }
        let spans = 500
        let one = try await allocations(program, spans: spans, attributes: 1)
        let ten = try await allocations(program, spans: spans, attributes: 10)
        let perAttribute = Double(ten - one) / Double(9 * spans)
        #expect(one >= spans, "valgrind does not see what it should")
        #expect(abs(perAttribute) < 0.02, "\(perAttribute) allocations per attribute: \(one) and \(ten)")
    }

    /// Without what is for debuggers, of which valgrind does not know every form.
    private func stripped(_ program: String) async throws -> String {
        let copy = FileManager.default.temporaryDirectory.appending(path: "contrail-\(UUID())").path
        let result = try await ProgramRun(path: strip, ["-g", "-o", copy, program]).result()
        try #require(result.status == 0, "\(result.errors)")
        return copy
    }

    private func allocations(_ program: String, spans: Int, attributes: Int) async throws -> Int {
        let result = try await ProgramRun(
            path: valgrind, ["--leak-check=no", program, "attributes", "\(spans)", "\(attributes)"]
        ).result()
        #expect(result.status == 0, "\(result.errors)")
        // "total heap usage: 1,234 allocs, …"
        let words = result.errors.split(whereSeparator: \.isWhitespace)
        let index = try #require(words.firstIndex(of: "allocs,"))
        return try #require(Int(words[index - 1].replacing(",", with: "")))
    }
}
