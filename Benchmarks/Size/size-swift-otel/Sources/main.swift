// Fetches the URLs named as arguments, all at once and traced; the spans go to OTEL_EXPORTER_OTLP_ENDPOINT.
import AsyncHTTPClient
import Logging
import OTel
import ServiceLifecycle

struct Fetcher: Service {
    let client: HTTPClient
    let urls: [String]

    func run() async throws {
        try await withThrowingTaskGroup { group in
            for url in urls {
                group.addTask {
                    let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
                    return (response.status.code, try await response.body.collect(upTo: 64 << 20).readableBytes)
                }
            }
            for try await (status, length) in group { print(status, length) }
        }
    }
}

var configuration = OTel.Configuration.default
configuration.serviceName = "size"
configuration.logs.enabled = false
configuration.metrics.enabled = false
configuration.diagnosticLogLevel = .error
// Before the client is made: it looks for the tracer at once.
let observability = try OTel.bootstrap(configuration: configuration)
let fetcher = Fetcher(client: .shared, urls: Array(CommandLine.arguments.dropFirst()))
// The fetcher's end is the end of all: it makes the exporter flush.
let services: [ServiceGroupConfiguration.ServiceConfiguration] = [
    .init(service: observability),
    .init(service: fetcher, successTerminationBehavior: .gracefullyShutdownGroup),
]
try await ServiceGroup(
    configuration: .init(services: services, logger: Logger(label: "size"))
).run()
