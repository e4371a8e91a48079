import Foundation
import Testing

/// The schema against the specification's tables, which are kept beside the repository and not in it.
@Suite(
    .enabled(if: Tool.tables != nil && Tool.plainPython != nil, "needs the tables beside the repository, and Python"))
struct SchemaTests {
    @Test(.timeLimit(.minutes(1)))
    func everyFieldAndEnumeratorIsAsInTheTables() async throws {
        let python = try #require(Tool.plainPython)
        let tables = try #require(Tool.tables)
        let script = Tool.root.appendingPathComponent("Tests/Tools/check_proto.py").path
        let proto = Tool.root.appendingPathComponent("proto").path
        let (status, output, errors) = try await Tool.run(python, [script, proto, tables.path])
        #expect(status == 0, "\(output)\(errors)")
        #expect(output.hasSuffix("180 fields and 45 enumerators compared, 0 differences\n"))
    }
}
