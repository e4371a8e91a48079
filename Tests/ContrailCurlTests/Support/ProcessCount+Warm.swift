import ContrailBase
import ContrailTestSupport

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
