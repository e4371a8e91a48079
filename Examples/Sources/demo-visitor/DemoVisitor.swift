import Contrail
import DemoTelemetry
import Foundation

/// Asks once, in a trace, and prints the answer.
@main struct DemoVisitor {
    static func main() async {
        do {
            try await Telemetry.run(service: "visitor", configuration: .forDemo) {
                for url in CommandLine.arguments.dropFirst() {
                    print(try await HTTPClient.shared.get(url).validateStatus().text)
                }
            }
        } catch {
            print("no answer: \(error)")
            exit(1)
        }
    }
}
