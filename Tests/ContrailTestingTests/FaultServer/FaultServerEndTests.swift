import ContrailTestSupport
import ContrailTesting
import Glibc
import Testing

/// In a process of its own, since it counts what the whole process holds.
@Suite(.timeLimit(.minutes(1))) struct FaultServerEndTests {
    /// Every way in which a connection's thread can be stuck when the server stops.
    @Test func stopLeavesNothing() async {
        await #expect(processExitsWith: .success) {
            // Dispatch keeps some descriptors once it has slept.
            try await Task.sleep(for: .milliseconds(1))
            let before = ProcessCount.now()
            let plans: [FaultServer.Plan] = [
                .neverRead, .acceptAndSilence, .ok("", when: FaultServer.Gate()), .status(200, after: .seconds(3600)),
                .endlessDrip(interval: .seconds(3600)), .endlessHeader, .interimFlood, .stepsAfterHead(.readBody),
                .bytes(1 << 40), .gzipBomb(decodedBytes: 1 << 36),
            ]
            for (index, plan) in plans.enumerated() {
                let isUnread = index < 1
                let server = try FaultServer.start(plan)
                let clients = try (0..<4).map { _ in try LoopbackConnection.opened(to: server.port) }
                // Half of the clients leave something of the body out: the server then waits for it.
                for (index, client) in clients.enumerated() {
                    let length = index.isMultiple(of: 2) ? 5 : 9
                    client.send(Array("PUT / HTTP/1.1\r\nContent-Length: \(length)\r\n\r\n12345".utf8))
                }
                try await server.wait { $0.openConnectionCount == clients.count }
                if !isUnread { try await server.wait { $0.bodyBytes == 5 * clients.count } }
                server.stop()
                server.stop()
                #expect(server.record.openConnectionCount == 0)
                for client in clients { close(client.descriptor) }
            }
            for plan in [FaultServer.Plan.refuse, .neverAccept] { try FaultServer.start(plan).stop() }
            #expect(ProcessCount.now() == before)
            // A thread that has told its end has a few instructions to go still.
            while ProcessCount.threads(named: "contrail-server") > 0 { await Task.yield() }
        }
    }

    @Test func aForgottenServerEndsItself() async {
        await #expect(processExitsWith: .success) {
            try await Task.sleep(for: .milliseconds(1))
            let before = ProcessCount.now()
            _ = try FaultServer.start()
            while ProcessCount.now() != before { await Task.yield() }
        }
    }
}
