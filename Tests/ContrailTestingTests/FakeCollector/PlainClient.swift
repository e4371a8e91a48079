import ContrailTesting
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One request on a connection of its own, written and read by hand: what the collector answers, to the byte.
struct PlainClient {
    /// An answer; without a status if the connection was closed before one came.
    struct Answer: Equatable {
        var status: Int?
        var headers: [String: String] = [:]
        var body: [UInt8] = []
    }

    let port: Int

    func send(
        _ method: String = "POST", _ path: String = "/v1/traces", type: String? = "application/x-protobuf",
        headers: [String] = [], body: [UInt8] = []
    ) async throws -> Answer {
        var lines = [
            "\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "Connection: close", "Content-Length: \(body.count)",
        ]
        if let type { lines.append("Content-Type: \(type)") }
        let head = (lines + headers + ["", ""]).joined(separator: "\r\n")
        return try await exchange(Array(head.utf8) + body)
    }

    func exchange(_ bytes: [UInt8]) async throws -> Answer { Self.parse(try await self.bytes(bytes)) }

    /// All that comes back, as text.
    func text(_ text: String) async throws -> String {
        String(decoding: try await bytes(Array(text.utf8)), as: UTF8.self)
    }

    /// All that comes back. `closesSending`: the peer sees the end of what is sent.
    func bytes(_ bytes: [UInt8], closesSending: Bool = false) async throws -> [UInt8] {
        let port = port
        return try await withCheckedThrowingContinuation { continuation in
            // On a thread of its own: blocking calls have no place on the pool that the collector's caller waits on.
            LoopbackServer.Thread.detach {
                continuation.resume(
                    with: Result { try LoopbackConnection.exchange(bytes, port: port, closesSending: closesSending) })
            }
        }
    }

    private static func parse(_ bytes: [UInt8]) -> Answer {
        let end = Array("\r\n\r\n".utf8)
        guard let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return Answer() }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n").map(String.init)
        var answer = Answer(body: Array(bytes[(split + end.count)...]))
        answer.status = lines.first.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { answer.headers[parts[0].lowercased()] = parts[1] }
        }
        return answer
    }
}

extension LoopbackConnection {
    /// Connects, sends, and reads to the end.
    fileprivate static func exchange(_ bytes: [UInt8], port: Int, closesSending: Bool) throws -> [UInt8] {
        let connection = try opened(to: port)
        defer { close(connection.descriptor) }
        connection.send(bytes)
        if closesSending { connection.closeSending() }
        var received: [UInt8] = []
        while true {
            let piece = connection.receive()
            if piece.isEmpty { return received }
            received += piece
        }
    }

    /// A connection to a server, which the caller closes.
    static func opened(to port: Int) throws -> LoopbackConnection {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        // SAFETY: the pointer is to the local address and does not outlive the call.
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            throw POSIXError(.ECONNREFUSED)
        }
        return LoopbackConnection(descriptor)
    }
}
