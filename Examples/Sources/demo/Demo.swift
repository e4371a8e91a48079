import CallChain
import ContrailTesting
import Foundation

/// The call chain: thirteen services and a visitor, each a process of its own, exporting to one collector. Draws the trace
/// and checks it; exits with 0 only if nothing is wrong with it.
@main struct Demo {
    static func main() async {
        do {
            let passed = try await untilSignalOrTimeout(.seconds(90)) { try await Self(topology: .shop).run() }
            exit(passed ? 0 : 1)
        } catch {
            print("demo failed: \(error)")
            exit(1)
        }
    }

    let topology: Topology

    private func run() async throws -> Bool {
        let collector = try await FakeCollector.start()
        print("collector on \(collector.endpoint)")
        do {
            let visit = try await Fleet(topology: topology, collector: collector.endpoint).run()
            // All processes have ended, and each flushes before it ends: everything that will come has come.
            await collector.stop()
            return report(collector, visit)
        } catch {
            await collector.stop()
            throw error
        }
    }

    private func report(_ collector: FakeCollector, _ visit: Visit) -> Bool {
        let terminal = Terminal.standardOutput
        print("the gateway answered \(visit.answer)\n")
        for trace in collector.traces {
            for line in trace.waterfall(width: terminal.width, colour: terminal.colour) { print(line) }
            print()
        }
        let spans = collector.spans.map(ChainSpan.init)
        terminal.printTable(ServiceTable(spans: spans, requests: visit.requests).lines)
        print()
        let check = SelfCheck(spans: spans, requests: visit.requests)
        let problems = check.problems + missingRequests(visit.requests)
        for problem in problems { print("✘ \(problem)") }
        print(check.line)
        return problems.isEmpty
    }

    // The faults must have happened and must have been retried, or the check has proved less than it says.
    private func missingRequests(_ requests: [ReceivedRequest]) -> [String] {
        topology.expectedRequests.sorted { $0.key < $1.key }.compactMap { service, expected in
            let count = requests.count { $0.service == service }
            return count == expected ? nil : "\(service) received \(count) requests, not \(expected)"
        }
    }
}
