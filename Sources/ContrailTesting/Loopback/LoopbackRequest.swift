package import HTTPTypes

/// A request as a ``LoopbackServer`` reads it (RFC 9112, the parts that clients under test use).
package struct LoopbackRequest: Sendable {
    package var method: String
    /// The path, without query.
    package var path: String
    package var headers: HTTPFields
    /// `nil` if it was larger than the reader takes; it was read to its end even so, since a client that still sends
    /// when the connection closes does not see the answer.
    package var body: [UInt8]?

    package var wantsClose: Bool { headers[.connection]?.lowercased() == "close" }
}

/// Reads the requests of one connection.
package struct LoopbackRequestReader {
    /// Why there is no further request.
    package enum Outcome {
        case request(LoopbackRequest)
        /// The peer closed, or the server stops.
        case end
        /// That is no request.
        case malformed
    }

    private let connection: LoopbackConnection
    private let maxBodyBytes: Int
    private var buffer: [UInt8] = []
    private var consumed = 0

    /// The largest head; more is malformed.
    private static let maxHeadBytes = 1 << 20

    package init(_ connection: LoopbackConnection, maxBodyBytes: Int) {
        self.connection = connection
        self.maxBodyBytes = maxBodyBytes
    }

    package mutating func next() -> Outcome {
        guard let lines = readHead() else { return buffer.count > Self.maxHeadBytes ? .malformed : .end }
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return .malformed }
        var headers = HTTPFields()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon])) else {
                return .malformed
            }
            headers.append(HTTPField(name: name, value: String(line[line.index(after: colon)...].drop { $0 == " " })))
        }
        if headers[.expect] != nil { connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        var request = LoopbackRequest(
            method: String(words[0]), path: String(words[1].prefix { $0 != "?" }), headers: headers, body: [])
        let isChunked = headers[.transferEncoding]?.lowercased().contains("chunked") == true
        let length = isChunked ? nil : Int(headers[.contentLength] ?? "0")
        guard isChunked || length.map({ $0 >= 0 }) == true else { return .malformed }
        guard isChunked ? readChunks(into: &request) : read(length ?? 0, into: &request) else { return .end }
        return .request(request)
    }

    // MARK: Bodies

    private mutating func read(_ count: Int, into request: inout LoopbackRequest) -> Bool {
        var left = count
        while left > 0 {
            guard available > 0 || fill() else { return false }
            let piece = buffer[consumed..<min(buffer.count, consumed + left)]
            if let size = request.body?.count {
                if size + piece.count <= maxBodyBytes {
                    request.body?.append(contentsOf: piece)
                } else {
                    request.body = nil
                }
            }
            left -= piece.count
            consumed += piece.count
        }
        return true
    }

    private mutating func readChunks(into request: inout LoopbackRequest) -> Bool {
        while true {
            guard let line = readLine(), let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else {
                return false
            }
            guard read(size, into: &request) else { return false }
            guard let end = readLine(), end.isEmpty || size == 0 else { return false }
            if size == 0 { return end.isEmpty || skipTrailers() }
        }
    }

    private mutating func skipTrailers() -> Bool {
        while let line = readLine() { if line.isEmpty { return true } }
        return false
    }

    // MARK: Lines

    private mutating func readHead() -> [String]? {
        var lines: [String] = []
        var bytes = 0
        while let line = readLine() {
            bytes += line.utf8.count
            if line.isEmpty {
                if lines.isEmpty { continue }
                return lines
            }
            guard bytes <= Self.maxHeadBytes else { return nil }
            lines.append(line)
        }
        return nil
    }

    private mutating func readLine() -> String? {
        var searched = consumed
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                var line = buffer[consumed..<end]
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                consumed = end + 1
                return String(decoding: line, as: UTF8.self)
            }
            guard available <= Self.maxHeadBytes else { return nil }
            let waiting = available
            guard fill() else { return nil }
            searched = consumed + waiting
        }
    }

    private var available: Int { buffer.count - consumed }

    private mutating func fill() -> Bool {
        if consumed > 0 {
            buffer.removeFirst(consumed)
            consumed = 0
        }
        let piece = connection.receive()
        buffer += piece
        return !piece.isEmpty
    }
}
