import CallChain
import Foundation
import Subprocess

/// What one visit of the gateway brought.
struct Visit: Sendable {
    /// The gateway's answer.
    var answer: String
    /// What the services' sockets received.
    var requests: [ReceivedRequest]
}

/// The processes of the demo. All of them have ended when `run` returns or throws.
struct Fleet: Sendable {
    let topology: Topology
    /// Base URL of the collector that all export to.
    let collector: String

    /// Starts the services, visits the gateway once, and stops them. Throws if one cannot start or does not end well.
    /// Cancelled, it ends all processes first.
    func run() async throws -> Visit {
        guard let waves = topology.waves else { throw DemoError("the services call each other in a circle") }
        let requests = RequestLog()
        let answer = try await withThrowingTaskGroup(of: Void.self) { processes in
            var ports: [String: Int] = [:]
            var stops: [AsyncStream<Never>.Continuation] = []
            for wave in waves {
                let starting = wave.map { service(for: $0, ports: ports, requests: requests) }
                for process in starting {
                    processes.addTask { try await process.run() }
                    stops.append(process.stop)
                }
                for process in starting { ports[process.launch.name] = try await process.port() }
            }
            print("\(ports.count) services are up, a process each")
            let answer = try await visit(port: ports[topology.entry] ?? 0)
            // SIGTERM to all: each stops serving, flushes its spans, and ends.
            for stop in stops { stop.finish() }
            try await processes.waitForAll()
            return answer
        }
        return Visit(answer: answer, requests: requests.all)
    }

    private func service(for role: ServiceRole, ports: [String: Int], requests: RequestLog) -> ServiceProcess {
        let calls = role.calls.map { "http://127.0.0.1:\(ports[$0] ?? 0)/\($0)" }
        return ServiceProcess(
            launch: ServiceLaunch(name: role.name, behaviour: role.behaviour, calls: calls),
            environment: environment(service: role.name), requests: requests)
    }

    private func visit(port: Int) async throws -> String {
        let url = "http://127.0.0.1:\(port)/\(topology.entry)/42"
        let visitor = try await Subprocess.run(
            Siblings.executable("demo-visitor"), arguments: [url], environment: environment(service: "visitor"),
            platformOptions: .endingGracefully, output: .string(limit: 64 * 1024), error: .currentStandardError)
        let answer = visitor.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        guard visitor.terminationStatus.isSuccess else {
            throw DemoError("the visitor ended with \(visitor.terminationStatus): \(answer)")
        }
        return answer
    }

    // Ours, without what would change the demo: OTEL settings and proxies of the shell it is started from.
    private func environment(service: String) -> Subprocess.Environment {
        let inherited = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("OTEL_") && !name.lowercased().hasSuffix("_proxy")
        }
        let own = ["OTEL_SERVICE_NAME": service, "OTEL_EXPORTER_OTLP_ENDPOINT": collector]
        let all = inherited.merging(own) { _, own in own }
        return .custom(Dictionary(uniqueKeysWithValues: all.map { (.init(stringLiteral: $0.key), $0.value) }))
    }
}

/// Something that keeps the demo from telling anything.
struct DemoError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
