import ContrailBase
import ContrailTelemetry
import Foundation
import Testing

@testable import ContrailOTLP

@Suite(.timeLimit(.minutes(1))) struct TextSpanExporterTests {
    private static let resource = Telemetry.Resource(attributes: [.init("service.name", .string("shop"))])

    /// Exports to a file; returns its text and what came of each export.
    private func written(
        _ format: TextSpanExporter.Format, maxBytes: Int = 1 << 20, _ batches: [[Telemetry.SpanData]]
    ) async throws -> (text: String, results: [Telemetry.ExportResult]) {
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("spans.jsonl").path
        let exporter = TextSpanExporter(format, to: try LineOutput.file(path, maxBytes: maxBytes))
        var results: [Telemetry.ExportResult] = []
        for batch in batches { results.append(await exporter.export(batch, resource: Self.resource)) }
        await exporter.shutdown()
        results.append(await exporter.export([Samples.span()], resource: Self.resource))
        return (try String(contentsOfFile: path, encoding: .utf8), results)
    }

    @Test func aBatchIsALineOfJSONThatReadsBack() async throws {
        let source = RandomSpans(seed: 9)
        let batches = [source.spans(count: 3), [Samples.span()], []]
        let (text, results) = try await written(.json, batches)
        let lines = text.split(separator: "\n")
        #expect(text.hasSuffix("\n") && lines.count == 2)
        for (line, spans) in zip(lines, batches) {
            let data = try OTLP.decode(try OTLP.protobuf(fromJSON: ByteChunk(line.utf8), .traces))
            #expect(data.resourceSpans.first?.resource == Self.resource)
            #expect(data.spanCount == spans.count)
        }
        #expect(results.map(\.acknowledged) == [3, 1, 0, 0])
        #expect(results.last?.dropped == 1, "after the shutdown nothing is written")
    }

    @Test func aFileDoesNotGrowBeyondItsLimit() async throws {
        let (text, results) = try await written(.json, maxBytes: 800, Array(repeating: [Samples.span()], count: 5))
        #expect(text.utf8.count <= 800 && !text.isEmpty)
        #expect(results.contains { $0.dropped == 1 && $0.problem?.contains("full") == true })
    }

    @Test func aFileIsContinued() throws {
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("f").path
        for _ in 0..<2 { try LineOutput.file(path, maxBytes: 100).write(Array("line".utf8)) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "line\nline\n")
    }

    @Test func aPathThatCannotBeOpenedIsAnError() {
        #expect(throws: LineOutput.Problem.self) { try LineOutput.file("/nonexistent/x", maxBytes: 1) }
    }

    @Test func aSpanIsALineForPeople() async throws {
        var span = Samples.span(
            name: "GET\n/x",
            attributes: [.init("a", .string("b\u{1B}[2J")), .init("n", .array([.int(1), .bool(true)]))])
        span.kind = .client
        span.status = .error("broke")
        let (text, _) = try await written(.lines, [[span]])
        let expected =
            #"1970-01-01T00:00:00.000Z 0.00 ms shop CLIENT "GET /x" error("broke") "#
            + #"trace=01020304050607080000000000000001 span=0000000000000001 a="b [2J" n=[1,true]"#
        #expect(text == expected + "\n")
    }

    @Test func aTraceIsATree() async throws {
        var child = Samples.span(name: "child")
        child.context = Samples.context(1)
        child.context.spanID = try #require(Telemetry.SpanID(2))
        child.parentSpanID = Telemetry.SpanID(1)
        let (text, _) = try await written(.waterfall(width: 100, colour: false), [[child, Samples.span(name: "root")]])
        let lines = text.split(separator: "\n")
        #expect(lines.first == "trace 01020304050607080000000000000001")
        #expect(lines[2].contains("○ root") && lines[3].contains(" ○ child"))
    }
}
