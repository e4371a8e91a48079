import CallChain
import Contrail
import DemoTelemetry
import Foundation
import Hummingbird
import Logging

/// One service of the chain: a Hummingbird server with Contrail's tracer, and Contrail's client for what it calls.
@main struct DemoService {
    static func main() async throws {
        guard let launch = ServiceLaunch(arguments: CommandLine.arguments.dropFirst()) else {
            throw UsageError()
        }
        Lifeline.endWithStandardInput()

        // service.name and the collector's address come in as OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_ENDPOINT.
        let telemetry = try Telemetry.bootstrap(configuration: .forDemo)
        let client = try HTTPClient(configuration: .forDemo)
        var logger = Logger(label: launch.name)
        logger.logLevel = .error
        let app = Application(
            router: makeRouter(for: launch, client: client),
            server: .http1(configuration: .recordingRequests(for: launch)),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            // They end in reverse order, after the server: what the last requests do and record is not lost.
            services: [telemetry, client],
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { StandardOutput.write(.listening(port: port)) }
            },
            logger: logger)
        try await app.runService()
    }
}

extension HTTPClient.Configuration {
    /// The defaults, but for the first back-off after a 503. A second is right for a peer that is overloaded in earnest;
    /// here it would be so long that everything else in the drawing is too short to see.
    static var forDemo: Self {
        var configuration = Self()
        configuration.retry.backOff.throttledBase = .milliseconds(200)
        return configuration
    }
}

private struct UsageError: Error, CustomStringConvertible {
    var description: String { "usage: demo-service NAME BEHAVIOUR [URL…]" }
}

/// Reports to the one who started this process.
enum StandardOutput {
    /// One write per line: lines of different threads never mix, and none is lost in a buffer when the process ends.
    static func write(_ report: ServiceReport) {
        // Nobody listens any more: then nobody misses the report.
        try? FileHandle.standardOutput.write(contentsOf: Data((report.line + "\n").utf8))
    }
}
