import ContrailBase
import ContrailOTLP
import ContrailTelemetry
import Foundation
import Testing

/// Our encoder against a decoder that is not ours.
@Suite(.enabled(if: Tool.python != nil, "scripts/setup installs Tests/Tools/requirements.txt"))
struct PublishedDecoderTests {
    private struct Batch {
        var name: String
        var spans: [Telemetry.SpanData]
        var resource: Telemetry.Resource
    }

    /// 1,000 spans in 10 batches; `scripts/test --full` asks for 100 batches, which is 10,000 spans.
    private static let batchCount =
        ProcessInfo.processInfo.environment["CONTRAIL_WIRE_BATCHES"].flatMap { Int($0) } ?? 10

    private static func batches() -> [Batch] {
        (0..<batchCount).map { seed in
            let source = RandomSpans(seed: UInt64(seed))
            return Batch(name: "\(seed)", spans: source.spans(count: 100), resource: source.resource())
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func publishedClassesReadWhatWasRecorded() async throws {
        let python = try #require(Tool.python)
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        var files: [String] = []
        var expected: [String] = []
        for batch in Self.batches() {
            let file = directory.appendingPathComponent("\(batch.name).bin")
            try Data(try OTLP.encode(batch.spans, resource: batch.resource)).write(to: file)
            // The same in JSON: the script reads it with the published JSON mapping and compares.
            let json = directory.appendingPathComponent("\(batch.name).bin.json")
            try Data(try OTLP.encodeJSON(batch.spans, resource: batch.resource)).write(to: json)
            files.append(file.path)
            expected.append(CanonicalText.of(batch.spans, resource: batch.resource))
        }
        let script = Tool.root.appendingPathComponent("Tests/Tools/decode_otlp.py").path
        let (status, output, errors) = try await Tool.run(python, [script] + files)
        #expect(status == 0, "\(errors)")
        let lines = output.split(separator: "\n").map(String.init)
        try #require(lines.count == expected.count)
        for (line, expected) in zip(lines, expected) where line != expected {
            Issue.record("read:\n\(line.prefix(2000))\nrecorded:\n\(expected.prefix(2000))")
        }
    }

    /// Google's C++ implementation, by way of its compiler: text from our bytes, and bytes from its text.
    @Test(.enabled(if: Tool.protoc != nil, "Debian: protobuf-compiler"), .timeLimit(.minutes(3)))
    func protocReadsWhatWasRecordedAndWritesTheSameBytes() async throws {
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        for batch in Self.batches() {
            let bytes = Data(try OTLP.encode(batch.spans, resource: batch.resource))
            try bytes.write(to: directory.appendingPathComponent("\(batch.name).bin"))
        }
        let script = Tool.root.appendingPathComponent("Tests/Tools/protoc_round_trip").path
        let (status, output, errors) = try await Tool.run("/bin/sh", [script, directory.path])
        #expect(status == 0, "\(errors)")
        #expect(output == "\(Self.batchCount) batches, \(Self.batchCount * 100) spans, all bytes the same\n")
    }

    @Test(.timeLimit(.minutes(1)))
    func publishedClassesAcceptTheDeepestValueThatIsSent() async throws {
        let python = try #require(Tool.python)
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("deep.bin")
        let spans = [Samples.span(attributes: [Telemetry.Attribute("deep", Samples.nested(depth: 1000))])]
        try Data(try OTLP.encode(spans, resource: Telemetry.Resource())).write(to: file)
        let script = Tool.root.appendingPathComponent("Tests/Tools/decode_otlp.py").path
        let (status, _, errors) = try await Tool.run(python, [script, file.path])
        #expect(status == 0, "\(errors)")
    }
}
