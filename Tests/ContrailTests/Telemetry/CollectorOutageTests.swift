import ContrailTestSupport
import Foundation
import Testing

/// A collector that really goes away, and a program that is ended while it exports: Tests/Tools/outage.py counts what
/// arrived with other means than ours, and says what does not add up.
@Suite(
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: TestEnvironment.python),
        "scripts/setup makes the Python environment"),
    .timeLimit(.minutes(3)))
struct CollectorOutageTests {
    private func outage(
        _ mode: String, _ arguments: [String], program: String? = nil
    ) async throws -> ProgramRun.Result {
        let tool = TestEnvironment.root + "/Tests/Tools/outage.py"
        let program = program ?? ProgramRun.path("OutageProgram")
        return try await ProgramRun(path: TestEnvironment.python, [tool, mode, program] + arguments).result()
    }

    /// At every moment: ended = acknowledged + dropped, by reason, + unknown. What is acknowledged was received; what is
    /// dropped was not. With CONTRAIL_TEST_FULL 30 s at 5,000 spans/s, more than the queue holds.
    @Test func everySpanOfAnOutageIsAccountedFor() async throws {
        let arguments = TestEnvironment.isFull ? ["5000", "5", "30", "15"] : ["1000", "1", "2", "1"]
        let result = try await outage("kill", arguments)
        #expect(result.status == 0, "\(result.errors)")
        if TestEnvironment.isFull { print(result.output) }
    }

    /// Of 20,000 spans per second none is lost; without optimisation a tenth of that is asked for.
    @Test func theDefaultsHoldTheRateTheyAreMadeFor() async throws {
        let program = TestEnvironment.optimisedProgram
        let arguments = program == nil ? ["2000", "2"] : ["20000", "5"]
        let result = try await outage("hold", arguments, program: program)
        #expect(result.status == 0, "\(result.errors)")
        if program != nil { print(result.output) }
    }

    @Test func aSignalDuringTheExportLosesNothingThatFitsTheBudget() async throws {
        let result = try await outage("signal", ["10000", "20"])
        #expect(result.status == 0, "\(result.errors)")
        if TestEnvironment.isFull { print(result.output) }
    }
}
