// The program of the README's first screen, letter by letter: scripts/check compares them.
import Contrail

@main struct Checkout {
    static func main() async throws {
        try await Telemetry.run(service: "checkout") {  // exports to OTEL_EXPORTER_OTLP_ENDPOINT, flushes at the end
            let client = HTTPClient.shared  // one pool; retries, limits and spans are on
            let price = try await client.get("http://localhost:8080/prices/42").validateStatus().json(Price.self)
            let all = await client.fetchAll(urls.map { .get($0) })  // one result per request, failures included
            print(price, all.successes.count, all.failures)
        }
    }
}

// What the README leaves to the reader.
struct Price: Decodable {
    var amount: Double
}

let urls = ["http://localhost:8080/a", "http://localhost:8080/b"]
