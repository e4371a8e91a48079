import FlyingFox
import FlyingSocks
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The HTTP server below the collector: loopback only, a port of the system's choice, silent.
enum CollectorServer {
    static func make(handler: some HTTPHandler) throws -> HTTPServer {
        let address: sockaddr_in = try .inet(ip4: "127.0.0.1", port: 0)
        let configuration = HTTPServer.Configuration(
            address: address,
            // A told delay or hang must not end in the server's own 500.
            timeout: 1_000_000,
            logger: .disabled)
        return HTTPServer(config: configuration, handler: handler)
    }

    static func port(of server: HTTPServer) async -> Int? {
        guard case .ip4(_, let port) = await server.listeningAddress else { return nil }
        return Int(port)
    }
}
