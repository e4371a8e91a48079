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
    private var input: LoopbackInput

    package init(_ connection: LoopbackConnection, maxBodyBytes: Int) {
        self.connection = connection
        self.maxBodyBytes = maxBodyBytes
        input = LoopbackInput(connection)
    }

    package mutating func next() -> Outcome {
        switch input.nextHead() {
        case .end: return .end
        case .tooLarge: return .malformed
        case .head(let text):
            guard let head = RequestHeadText(text).parsed() else { return .malformed }
            return read(head)
        }
    }

    private mutating func read(_ head: RequestHeadText.Parsed) -> Outcome {
        var request = LoopbackRequest(
            method: head.method, path: String(head.target.prefix { $0 != "?" }), headers: head.headers, body: [])
        guard
            var framing = BodyFraming(
                contentLength: head.headers[.contentLength], transferEncoding: head.headers[.transferEncoding])
        else { return .malformed }
        if head.headers[.expect] != nil { connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        while true {
            switch input.next(of: &framing) {
            case .bytes(let piece):
                let hasRoom = request.body.map { $0.count + piece.count <= maxBodyBytes } ?? false
                if hasRoom { request.body?.append(contentsOf: piece) } else { request.body = nil }
            case .complete: return .request(request)
            case .broken, .silence: return .end
            }
        }
    }
}
