import Contrail

/// Asks once, in a trace, and prints the answer.
@main struct DemoVisitor {
    static func main() async throws {
        try await Telemetry.run(service: "visitor") {
            for url in CommandLine.arguments.dropFirst() {
                let response = try await HTTPClient.shared.get(url).validateStatus()
                print(response.text)
            }
        }
    }
}
