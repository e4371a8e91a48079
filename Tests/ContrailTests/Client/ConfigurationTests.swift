import Contrail
import Testing

/// A setting that makes no sense is refused when the client is made, with its name, its value and what is legal.
@Suite struct ConfigurationTests {
    typealias Configuration = HTTPClient.Configuration
    typealias Case = SettingCase

    @Test func theDefaultsAreAccepted() throws {
        _ = try HTTPClient()
    }

    static let cases = [
        Case("limits.maxTotal") { $0.limits.maxTotal = 0 },
        Case("limits.maxPerOrigin") { $0.limits.maxPerOrigin = 0 },
        Case("limits.maxQueued") { $0.limits.maxQueued = -1 },
        Case("maxResponseBytes") { $0.maxResponseBytes = -1 },
        Case("connections.maxConnections") { $0.connections.maxConnections = 0 },
        Case("connections.eventLoops") { $0.connections.eventLoops = 0 },
        Case("connections.eventLoops") { $0.connections.eventLoops = 65 },
        Case("connections.certificateAuthorityFile") { $0.connections.certificateAuthorityFile = "/no/such/file.pem" },
        Case("timeout") { $0.timeout = .zero },
        Case("attemptTimeout") { $0.attemptTimeout = .seconds(-1) },
        Case("connectTimeout") { $0.connectTimeout = .zero },
        Case("idleReadTimeout") { $0.idleReadTimeout = .zero },
        Case("baseURL") { $0.baseURL = "http://example.com/?q=1" },
        Case("baseURL") { $0.baseURL = "no url" },
    ]

    @Test(arguments: cases) func refuses(_ wrong: Case) {
        var configuration = Configuration()
        wrong.change(&configuration)
        let error = #expect(throws: ConfigurationError.self) { try HTTPClient(configuration: configuration) }
        #expect(error?.description.hasPrefix(wrong.name) == true)
    }
}
