import ContrailBase
import ContrailTesting
import Glibc

/// A server on 127.0.0.1 that does to each request exactly what a test says, a thread per connection.
///
/// It counts connections and requests and keeps the raw heads. `stop()` ends all its threads and descriptors.
package final class RawServer: Sendable {
    package typealias Script = @Sendable (Exchange) -> Void

    private final class Log: Sendable {
        private let state = Locked((heads: [String](), bodies: [[UInt8]]()))

        var heads: [String] { state.withLock { $0.heads } }
        var bodies: [[UInt8]] { state.withLock { $0.bodies } }

        func add(_ head: String, _ body: [UInt8]) -> Int {
            state.withLock { state in
                state.heads.append(head)
                state.bodies.append(body)
                return state.heads.count
            }
        }
    }

    private let log = Log()
    private let server: LoopbackServer

    /// Starts to listen on an ephemeral port.
    package init(_ script: @escaping Script) throws {
        let log = log
        server = try LoopbackServer { connection in Self.serve(connection.descriptor, script, log) }
    }

    package var port: Int { server.port }
    package var heads: [String] { log.heads }
    package var bodies: [[UInt8]] { log.bodies }
    package var requestCount: Int { log.heads.count }
    package var connectionCount: Int { server.connectionCount }

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

    private static func serve(_ descriptor: Int32, _ script: Script, _ log: Log) {
        var input = Input(descriptor: descriptor)
        var number = 0
        while let head = input.readHead() {
            let body = input.readBody(after: head)
            number += 1
            let exchange = Exchange(
                descriptor: descriptor, head: head, body: body, numberOnConnection: number, number: log.add(head, body))
            script(exchange)
            if exchange.isOver { break }
        }
    }
}

/// A system call of the test server failed.
package struct SocketFailure: Error {
    package let call: String
    package let number: Int32

    package init(call: String, number: Int32) {
        self.call = call
        self.number = number
    }
}

/// One request and the connection it came on.
package final class Exchange {
    private let descriptor: Int32
    package let head: String
    package let body: [UInt8]
    /// 1 for the first request of the connection.
    package let numberOnConnection: Int
    /// 1 for the first request of the server.
    package let number: Int
    package private(set) var isOver = false

    init(descriptor: Int32, head: String, body: [UInt8], numberOnConnection: Int, number: Int) {
        self.descriptor = descriptor
        self.head = head
        self.body = body
        self.numberOnConnection = numberOnConnection
        self.number = number
    }

    /// The path of the request line.
    package var path: String { String(head.split(separator: " ").dropFirst().first ?? "") }

    /// Sends all of `text`; false if the peer is gone.
    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the pointer stays within the array, and is used during the call only.
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress.map { unsafe $0 + sent },
                    bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                isOver = true
                return false
            }
            sent += count
        }
        return true
    }

    /// Sends, but gives up when the peer takes nothing for so many milliseconds.
    package func send(_ bytes: [UInt8], within milliseconds: Int32) -> Bool {
        var limit = timeval(tv_sec: 0, tv_usec: Int(milliseconds) * 1000)
        // SAFETY: the pointer is to a local variable.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return send(bytes)
    }

    /// 200 with a body and its length.
    package func respond(_ body: String = "hello", headers: String = "") {
        send("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Closes the connection behind what was sent.
    package func finish() { isOver = true }

    /// Closes with a reset.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        // SAFETY: the pointer is to a local variable.
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        isOver = true
    }

    /// Says nothing until the peer closes or the server stops.
    package func hang() {
        var byte: UInt8 = 0
        while unsafe recv(descriptor, &byte, 1, 0) > 0 {}
        isOver = true
    }
}

/// Reads requests from a connection.
private struct Input {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    init(descriptor: Int32) { self.descriptor = descriptor }

    mutating func readHead() -> String? {
        let end: [UInt8] = [13, 10, 13, 10]
        var searched = 0
        while true {
            if buffer.count >= 4 {
                for index in max(0, searched - 3)...(buffer.count - 4) where Array(buffer[index..<index + 4]) == end {
                    let head = String(decoding: buffer[..<(index + 4)], as: UTF8.self)
                    buffer.removeFirst(index + 4)
                    return head
                }
                searched = buffer.count
            }
            guard fill() else { return nil }
        }
    }

    /// Content-Length only; the client under test sends nothing else.
    mutating func readBody(after head: String) -> [UInt8] {
        let lines = head.lowercased().split(whereSeparator: \.isNewline)
        let length =
            lines.first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        while buffer.count < length, fill() {}
        let body = Array(buffer.prefix(length))
        buffer.removeFirst(body.count)
        return body
    }

    private mutating func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer += chunk[..<count]
        return true
    }
}
