import CContrailCurlShim
import ContrailCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The cores that this process may use.
package func availableCores() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

extension CurlTransport {
    /// How a transport is built.
    package struct Configuration: Sendable {
        /// Which protocol is spoken.
        package enum HTTPVersion: Sendable, Hashable {
            case http1
            /// HTTP/2 if the server offers it in the TLS handshake, else HTTP/1.1.
            case http2OverTLS
        }

        /// The trusted certificates, one PEM file. Default `nil`: `SSL_CERT_FILE`, else the system's bundle.
        package var caFile: String?
        /// The certificate that peers which ask for one are shown, one PEM file with its chain. Default `nil`: none.
        package var clientCertificateFile: String?
        /// The private key of that certificate, one PEM file without a passphrase.
        package var clientKeyFile: String?
        /// Transfers and kept connections per loop. Default 512; at the limit transfers wait.
        package var maxConnectionsPerLoop = 512
        /// Event-loop threads. Default: 1 on up to 2 cores, else half the cores, 4 at most. Each starts when first used.
        package var loops: Int
        /// A connection that was idle for longer is not used again. Default 50 s, below the 60 s and 75 s after which
        /// common servers and balancers close, so that few sends meet a closing connection.
        package var idleConnectionAge: Duration = .seconds(50)
        /// A connection older than this is not used again, so that DNS changes are noticed. Default 600 s.
        package var maxConnectionLifetime: Duration = .seconds(600)
        /// The largest header block of a response, in bytes. Default 64 kB; beyond it the send fails.
        package var maxHeaderBytes = 64 * 1024
        /// The most header fields of a response. Default 1000; beyond it the send fails.
        package var maxHeaderFields = 1000
        /// Default HTTP/1.1: before 8.4, libcurl's HTTP/2 is known to crash and hang.
        package var httpVersion = HTTPVersion.http1
        /// What the loops wait on. Default: the best one of the platform.
        package var poller = PollerKind.standard
        /// Where a loop's relay runs; for tests. Default `nil`: where all tasks do.
        package var relayExecutor: (any TaskExecutor)?

        /// The defaults, for a machine with `cores` cores.
        package init(cores: Int = availableCores()) {
            loops = cores <= 2 ? 1 : min(4, cores / 2)
        }
    }
}

extension LoopSettings {
    /// Interim responses before the final one. A server sends one or two; a flood would never end.
    static var maxInterim: Int { 32 }

    init(_ configuration: CurlTransport.Configuration, index: Int, profile: Profile) {
        self.init(
            threadName: "contrail-loop-\(min(index, 9))", poller: configuration.poller, profile: profile,
            maxConnections: max(1, configuration.maxConnectionsPerLoop),
            idleConnectionAge: configuration.idleConnectionAge,
            maxHeadBytes: max(0, configuration.maxHeaderBytes), maxHeadFields: max(0, configuration.maxHeaderFields),
            relayExecutor: configuration.relayExecutor)
    }

    func limits(for transfer: Transfer) -> contrail_limits {
        var limits = contrail_limits()
        if let decoding = transfer.decoding {
            limits.decodes = true
            limits.ratio = Int64(max(1, decoding.maxRatio))
            limits.decoded_bytes = Int64(decoding.maxStreamedBytes ?? .max)
        }
        limits.head_bytes = maxHeadBytes
        limits.head_fields = maxHeadFields
        limits.interim = Int32(Self.maxInterim)
        switch transfer.mode {
        case .buffered(let maxBytes): limits.body_bytes = max(0, maxBytes)
        case .streaming:
            limits.body_bytes = BodyQueue<Never>.highWater
            limits.streaming = true
        }
        return limits
    }
}
