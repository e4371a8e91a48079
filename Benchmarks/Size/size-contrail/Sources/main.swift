// Fetches the URLs named as arguments, all at once and traced; the spans go to OTEL_EXPORTER_OTLP_ENDPOINT.
import Contrail

try await Telemetry.run(service: "size") {
    let all = await HTTPClient.shared.fetchAll(CommandLine.arguments.dropFirst().map { .get($0) })
    for response in all.successes { print(response.status.code, response.body.count) }
    if let failure = all.failures.first { throw failure.error }
}
