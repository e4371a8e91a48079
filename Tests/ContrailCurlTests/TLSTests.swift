import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite("TLS", .enabled(if: Nginx.isInstalled, "nginx and openssl are needed"), .timeLimit(.minutes(1)))
struct TLSTests {
    private func request(_ nginx: Nginx, host: String = "127.0.0.1") -> WireRequest {
        WireRequest(method: .get, url: .local(nginx.tlsPort, host: host, scheme: .https))
    }

    @Test func aTrustedPeerIsAnsweredAndTheHandshakeIsAPhase() async throws {
        try await withNginx { nginx in
            var configuration = CurlTransport.Configuration()
            configuration.caFile = nginx.certificate
            let transport = CurlTransport(configuration)
            let response = try await transport.fetch(request(nginx))
            #expect(response.text == "hello")
            #expect(response.head.version == .http11)
            #expect(response.summary.phases.map(\.phase) == [.queue, .dns, .connect, .tls, .wait, .receive])
            let secured = try #require(response.summary.secured)
            let connected = try #require(response.summary.connected)
            #expect(secured > connected)
            let again = try await transport.fetch(request(nginx)).summary
            #expect(again.connectionReused && again.secured == nil)
            await transport.shutdown()
        }
    }

    @Test func aPeerThatAsksIsShownTheClientsCertificate() async throws {
        try await withNginx { nginx in
            let request = WireRequest(method: .get, url: .local(nginx.clientCheckingPort, scheme: .https))
            var configuration = CurlTransport.Configuration()
            configuration.caFile = nginx.certificate
            let nameless = CurlTransport(configuration)
            let refused = try await nameless.fetch(request)
            #expect(refused.head.status.code == 400)
            configuration.clientCertificateFile = nginx.certificate
            configuration.clientKeyFile = nginx.key
            let named = CurlTransport(configuration)
            let answered = try await named.fetch(request)
            #expect(answered.text == "hello, CN=right.example")
            await nameless.shutdown()
            await named.shutdown()
        }
    }

    @Test func anUnknownAuthorityIsACertificateFailure() async throws {
        try await withNginx { nginx in
            let transport = CurlTransport()
            let failure = try #require(await transport.failure(of: request(nginx)))
            #expect(failure.kind == .certificate)
            #expect(failure.summary.wireSends == 0)
            await transport.shutdown()
        }
    }

    @Test func aNameThatTheCertificateDoesNotHaveIsACertificateFailure() async throws {
        try await withNginx { nginx in
            var configuration = CurlTransport.Configuration()
            configuration.caFile = nginx.certificate
            let transport = CurlTransport(configuration)
            let failure = try #require(await transport.failure(of: request(nginx, host: "localhost")))
            #expect(failure.kind == .certificate)
            await transport.shutdown()
        }
    }

    @Test func plainTextFromATLSPortIsAHandshakeFailure() async throws {
        try await withNginx { nginx in
            let transport = CurlTransport()
            let request = WireRequest(method: .get, url: .local(nginx.port, scheme: .https))
            let failure = try #require(await transport.failure(of: request))
            #expect(failure.kind == .tlsHandshake)
            #expect(failure.summary.wireSends == 0)
            await transport.shutdown()
        }
    }

    @Test func http2IsSpokenWhenAskedFor() async throws {
        try await withNginx { nginx in
            var configuration = CurlTransport.Configuration()
            configuration.caFile = nginx.certificate
            configuration.httpVersion = .http2OverTLS
            let transport = CurlTransport(configuration)
            for _ in 0..<3 {
                let response = try await transport.fetch(request(nginx))
                #expect(response.text == "hello")
                #expect(response.head.version == .http2)
            }
            #expect(transport.counters.connectionsOpened == 1)
            await transport.shutdown()
        }
    }
}
