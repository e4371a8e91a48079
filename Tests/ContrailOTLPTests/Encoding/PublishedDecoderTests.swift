import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import Foundation
import Testing

/// Our encoder against a decoder that is not ours.
@Suite(.enabled(if: Tool.python != nil, "scripts/setup installs Tests/Tools/requirements.txt"))
struct PublishedDecoderTests {
    @Test(.timeLimit(.minutes(1)))
    func publishedClassesReadWhatWasRecorded() throws {
        let python = try #require(Tool.python)
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        var files: [String] = []
        var expected: [String] = []
        for batch in 0..<20 {
            let source = RandomSpans(seed: UInt64(batch))
            let spans = source.spans(count: 100)
            let resource = source.resource()
            let file = directory.appendingPathComponent("\(batch).bin")
            try Data(try OTLP.encode(spans, resource: resource)).write(to: file)
            files.append(file.path)
            expected.append(CanonicalText.of(spans, resource: resource))
        }
        let script = Tool.root.appendingPathComponent("Tests/Tools/decode_otlp.py").path
        let (status, output, errors) = try Tool.run(python, [script] + files)
        #expect(status == 0, "\(errors)")
        let lines = output.split(separator: "\n").map(String.init)
        try #require(lines.count == expected.count)
        for (line, expected) in zip(lines, expected) where line != expected {
            Issue.record("read:\n\(line.prefix(2000))\nrecorded:\n\(expected.prefix(2000))")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func publishedClassesAcceptTheDeepestValueThatIsSent() throws {
        let python = try #require(Tool.python)
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("deep.bin")
        let spans = [Samples.span(attributes: [Telemetry.Attribute("deep", Samples.nested(depth: 1000))])]
        try Data(try OTLP.encode(spans, resource: Telemetry.Resource())).write(to: file)
        let script = Tool.root.appendingPathComponent("Tests/Tools/decode_otlp.py").path
        let (status, _, errors) = try Tool.run(python, [script, file.path])
        #expect(status == 0, "\(errors)")
    }
}
