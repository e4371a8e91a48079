import FlyingSocks
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

    func exchange(_ bytes: [UInt8]) async throws -> Answer {
        let address: sockaddr_in = try .inet(ip4: "127.0.0.1", port: UInt16(port))
        let socket = try await AsyncSocket.connected(to: address, timeout: 30)
        defer { try? socket.close() }
        try await socket.write(Data(bytes))
        var received: [UInt8] = []
        do {
            while true {
                let piece = try await socket.read(atMost: 4096)
                if piece.isEmpty { break }
                received += piece
            }
        } catch is SocketError {
            // Closed, or reset.
        }
        return Self.parse(received)
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
