import ContrailBase
import ContrailTestSupport
import Testing

@testable import ContrailCurl

extension ProcessCount {
    /// Counts after everything was used once: dispatch and libcurl keep some descriptors for ever.
    static func warm() async throws -> ProcessCount {
        let time = SystemTime()
        try await time.sleep(until: time.now + .milliseconds(1))
        try await withServer({ $0.respond() }) { server, transport in _ = try await transport.fetch(.get(server.port)) }
        return now()
    }
}

extension ProcessCount {
    /// Expects the process to come back to `before`: threads that were told to end are gone a little later.
    static func expect(_ before: ProcessCount) async {
        for _ in 0..<500 where now() != before {
            try? await SystemTime().sleep(until: SystemTime().now + .milliseconds(10))
        }
        #expect(now() == before)
    }
}
