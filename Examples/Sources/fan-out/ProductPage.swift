import Contrail
import Tracing

/// A page put together from many services: what came in time, and who is missing.
struct ProductPage: Sendable {
    var parts: [String: String] = [:]
    /// Services without an answer, and why.
    var missing: [String: String] = [:]

    /// Asks all services at once. Who has not answered when `deadline` is over is cut off: the page does not wait.
    init(of services: [(name: String, url: String)], within deadline: Duration, client: HTTPClient) async {
        let requests = services.map { service in
            var request = HTTPClient.Request.get(service.url)
            request.urlTemplate = "/\(service.name)/{product}"
            // Covers all that a call may need: waiting its turn, sending, sending again.
            request.timeout = deadline
            return request
        }
        // One span above the ten calls makes them one trace.
        let results = await withSpan("product page") { _ in await client.fetchAll(requests) }
        for (service, result) in zip(services, results) {
            do {
                parts[service.name] = try result.get().validateStatus().text
            } catch {
                missing[service.name] = (error as? ClientError)?.code.description ?? "\(error)"
            }
        }
    }
}
