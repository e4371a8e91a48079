// Whoever scripts a server needs what an exchange can do.
@_exported public import ContrailTesting
import Glibc

/// A ``FaultServer`` that does to each request exactly what a closure says.
package final class RawServer: Sendable {
    package typealias Script = @Sendable (Exchange) -> Void

    private let server: FaultServer

    /// Starts to listen on an ephemeral port. With `readsBodies` false the script runs as soon as the head is there, and
    /// the connection is good for that one request.
    package init(readsBodies: Bool = true, _ script: @escaping Script) throws {
        var configuration = FaultServer.Configuration()
        configuration.maxKeptRequests = .max
        configuration.maxKeptBodyBytes = .max
        let plan = FaultServer.Plan.custom(readingBody: readsBodies) { exchange in
            script(exchange)
            if !readsBodies, !exchange.isOver { exchange.finish() }
        }
        server = try FaultServer.start(plan, configuration: configuration)
    }

    package var port: Int { server.port }
    package var heads: [String] { server.requests.map(\.head) }
    package var bodies: [[UInt8]] { server.requests.map(\.body) }
    package var requestCount: Int { server.record.requestCount }
    package var connectionCount: Int { server.record.connectionCount }

    package func stop() { server.stop() }

    /// True if something listens on `port`.
    package static func canConnect(to port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        // SAFETY: the pointer is to the local address and does not outlive the call.
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// One request and the connection it came on.
package typealias Exchange = FaultServer.Exchange

extension FaultServer.Exchange {
    package var head: String { request.head }
    package var body: [UInt8] { request.body }
    package var numberOnConnection: Int { request.numberOnConnection }
    package var number: Int { request.number }
    /// What the request line asks for, with its query.
    package var path: String { request.target }

    /// 200 with a body and its length.
    package func respond(_ body: String, headers: String = "") { respond(200, headers: headers, body: body) }

    package func respond() { respond("hello") }

    /// Takes up to `count` more bytes off the connection; empty: the peer has closed.
    package func receive(_ count: Int) -> [UInt8] { receive(atMost: count) }
}

/// A system call of a test failed.
package struct SocketFailure: Error {
    package let call: String
    package let number: Int32

    package init(call: String, number: Int32) {
        self.call = call
        self.number = number
    }
}
