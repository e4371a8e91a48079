// A program for tests that need a process: does requests under Telemetry.run and ends as it is told.
// Arguments: URL COUNT (return | wait | fail | stubborn)
import Contrail

@main struct LifecycleProgram {
    struct Failure: Error {}

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let count = Int(arguments[2]) else { throw Failure() }
        let (url, ending) = (arguments[1], arguments[3])
        try await Telemetry.run(service: "lifecycle") {
            var statuses: [Int: Int] = [:]
            for result in await HTTPClient.shared.fetchAll(Array(repeating: .get(url), count: count)) {
                statuses[(try? result.get().status.code) ?? 0, default: 0] += 1
            }
            print("statuses", statuses.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ","))
            StandardOutput.flush()
            switch ending {
            case "wait": try await Task.sleep(for: .seconds(60))
            case "fail": throw Failure()
            case "stubborn": while true { _ = try? await SystemTime().sleep(until: SystemTime().now + .seconds(60)) }
            default: break
            }
        }
        print("returned")
    }
}
