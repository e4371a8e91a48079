import Contrail
import ContrailBase
import ContrailTelemetry
import ContrailTestSupport
import ContrailTesting
import Foundation
import HTTPTypes
import Testing
import Tracing

/// The names of what is really emitted against those that are published, in a package that is not ours.
@Suite(
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: TestEnvironment.python),
        "scripts/setup makes the Python environment"),
    .timeLimit(.minutes(1)))
struct AttributeNameTests {
    private struct Boom: Error {}

    /// Every attribute that a span of ours can have, our own (`contrail.…`) aside.
    @Test func namesAreThoseOfTheSemanticConventions() async throws {
        let spans = try await emitted()
        var names = Set(spans.flatMap { span in (span.span.attributes + span.resource.attributes).map(\.key) })
        names.formUnion(spans.flatMap { $0.span.events.flatMap { $0.attributes.map(\.key) } })
        names = names.filter { !$0.hasPrefix("contrail.") }
        for name in Self.expected { #expect(names.contains(name), "\(name) was not emitted") }
        let tool = TestEnvironment.root + "/Tests/Tools/check_names.py"
        let result = try await ProgramRun(path: TestEnvironment.python, [tool] + names.sorted()).result()
        #expect(result.status == 0, "not published: \(result.output)\(result.errors)")
    }

    /// So that the test above speaks of what it seems to.
    private static let expected = [
        "http.request.method", "http.request.method_original", "server.address", "server.port", "url.full",
        "url.template", "url.scheme",
        "http.request.resend_count", "http.response.status_code", "network.protocol.version",
        "network.peer.address", "network.peer.port", "network.transport", "error.type", "user_agent.original",
        "user_agent.synthetic.type", "http.request.body.size", "http.response.body.size",
        "http.request.header.accept",
        "http.response.header.content-length", "exception.type", "exception.message", "service.name",
        "service.instance.id", "telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version", "process.pid",
        "process.creation.time", "process.command_args", "process.args_count", "host.name", "os.type", "container.id",
    ]

    private func emitted() async throws -> [FakeCollector.ReceivedSpan] {
        let server = try RawServer { $0.number == 1 ? $0.respond(503) : $0.respond("ok") }
        defer { server.stop() }
        let base = "http://127.0.0.1:\(server.port)"
        return try await withFakeCollector { collector in
            try await Telemetry.scoped(service: "test", configuration: telemetry(collector)) { _ in
                try await HTTPClient.withClient(configuration: .everythingAskedFor) { client in
                    var request = HTTPClient.Request(.get, base + "/users/42")
                    request.urlTemplate = "/users/{id}"
                    _ = try await client.execute(request)
                    _ = try await client.execute(HTTPClient.Request(HTTPRequest.Method("BREW") ?? .get, base + "/pot"))
                    _ = try await client.execute(HTTPClient.Request(.post, base + "/pot", body: .text("tea")))
                    _ = try? await client.get("http://127.0.0.1:1/")
                }
                try? withSpan("fails") { _ in throw Boom() }
            }
            return collector.spans
        }
    }

    private func telemetry(_ collector: FakeCollector) -> Telemetry.Configuration {
        var configuration = Telemetry.Configuration(environment: [:])
        configuration.endpoint = collector.endpoint
        configuration.report = { _ in }
        configuration.shutdownTimeout = .seconds(30)
        let id = String(repeating: "0123456789abcdef", count: 4)
        configuration.detectors = [
            Telemetry.ProcessDetector(includesArguments: true), Telemetry.HostDetector(),
            Telemetry.ContainerDetector(system: SystemReader(files: ["/proc/self/cgroup": "1:name=x:/docker/\(id)\n"])),
        ]
        return configuration
    }
}

extension HTTPClient.Configuration {
    fileprivate static var everythingAskedFor: Self {
        var configuration = Self()
        configuration.tracing.optionalAttributes = [.scheme, .userAgent, .transport, .bodySizes, .syntheticTest]
        configuration.tracing.requestHeaders = [.accept]
        configuration.tracing.responseHeaders = [.contentLength]
        configuration.defaultHeaders[.userAgent] = "test/1"
        configuration.defaultHeaders[.accept] = "*/*"
        configuration.retry.backOff.throttledBase = .milliseconds(1)
        configuration.retry.backOff.transientBase = .milliseconds(1)
        return configuration
    }
}
