import ContrailTestSupport
import Foundation
import Testing

/// docs/telemetry.md lists every attribute, event and metric that the observers name; those that are not ours are published.
@Suite struct DocumentedNamesTests {
    private static let folder = URL(fileURLWithPath: TestEnvironment.root)

    @Test func everyNameOfOursIsListed() throws {
        let names = try Self.names()
        #expect(names.count > 60)
        let lines = try String(contentsOf: Self.folder.appending(path: "docs/telemetry.md"), encoding: .utf8)
            .split(separator: "\n")
        for name in names { #expect(lines.contains { Self.lists($0, name) }, "\(name) is not in docs/telemetry.md") }
    }

    /// The event is published in the conventions' pages only, the mark of an overflow in the specification of metrics.
    private static let publishedElsewhere: Set<String> = ["http.client.request.exception", "otel.metric.overflow"]

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: TestEnvironment.python),
            "scripts/setup makes the Python environment"),
        .timeLimit(.minutes(1)))
    func namesThatAreNotOursArePublished() async throws {
        let names = try Self.names().filter { !$0.hasPrefix("contrail.") }.subtracting(Self.publishedElsewhere)
        #expect(names.count > 25)
        let tool = TestEnvironment.root + "/Tests/Tools/check_names.py"
        let result = try await ProgramRun(path: TestEnvironment.python, [tool] + names.sorted()).result()
        #expect(result.status == 0, "not published: \(result.output)\(result.errors)")
    }

    /// In full, or as `.last` on a line with another name that begins alike.
    private static func lists(_ line: Substring, _ name: String) -> Bool {
        if line.contains("`\(name)`") { return true }
        guard let dot = name.lastIndex(of: ".") else { return false }
        return line.contains("`\(name[..<dot]).") && line.contains("`\(name[dot...])`")
    }

    /// What stands in quotes in the code of the observers.
    private static func names() throws -> Set<String> {
        let observers = folder.appending(path: "Sources/Contrail/Observers")
        let files = try #require(FileManager.default.enumerator(at: observers, includingPropertiesForKeys: nil))
        var names: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let code = try String(contentsOf: file, encoding: .utf8)
            for match in code.matches(of: /"((?:contrail|otel|http|url|server|network|user_agent)\.[a-z_.]*[a-z_])"/) {
                names.insert(String(match.output.1))
            }
        }
        return names
    }
}
