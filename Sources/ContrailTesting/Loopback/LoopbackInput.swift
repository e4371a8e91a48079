/// Takes requests apart as they arrive on a connection, blocking until enough of them is there.
package struct LoopbackInput {
    package enum Head: Equatable {
        /// As it came, with its empty line.
        case head(String)
        /// The peer closed, or the server stops.
        case end
        /// It is larger than 1 MiB.
        case tooLarge
    }

    package enum Piece: Equatable {
        case bytes([UInt8])
        /// The body is complete.
        case complete
        /// The peer closed before its end, sent what is no body, or the server stops.
        case broken
        /// Nothing came for as long as the caller waits.
        case silence
    }

    private let connection: LoopbackConnection
    private var buffer: [UInt8] = []
    private var consumed = 0

    private static let maxHeadBytes = 1 << 20

    package init(_ connection: LoopbackConnection) { self.connection = connection }

    package mutating func nextHead() -> Head {
        var searched = 0
        while true {
            // Empty lines before a request are to be skipped (RFC 9112 §2.2).
            while available > 0, buffer[consumed] == 13 || buffer[consumed] == 10 { consumed += 1 }
            if let end = endOfHead(from: consumed + max(0, searched - 3)) {
                defer { consumed = end }
                return .head(String(decoding: buffer[consumed..<end], as: UTF8.self))
            }
            guard available <= Self.maxHeadBytes else { return .tooLarge }
            searched = available
            guard fill() else { return .end }
        }
    }

    /// The next bytes of a body, at most `limit`.
    package mutating func next(
        of framing: inout BodyFraming, atMost limit: Int = .max, waiting milliseconds: Int? = nil
    ) -> Piece {
        while true {
            switch framing.next(buffer[consumed...], atMost: limit) {
            case .body(let count):
                defer { consumed += count }
                return .bytes(Array(buffer[consumed..<(consumed + count)]))
            case .skip(let count): consumed += count
            case .needsMore:
                if let milliseconds, !connection.hasNews(within: milliseconds) { return .silence }
                guard fill() else { return .broken }
            case .end: return .complete
            case .malformed: return .broken
            }
        }
    }

    /// What has arrived, or arrives next, as it is; empty: the peer has closed.
    package mutating func nextBytes(atMost limit: Int) -> [UInt8] {
        guard available > 0 || fill() else { return [] }
        let count = min(limit, available)
        defer { consumed += count }
        return Array(buffer[consumed..<(consumed + count)])
    }

    private var available: Int { buffer.count - consumed }

    private func endOfHead(from start: Int) -> Int? {
        var index = start
        while index + 3 < buffer.count {
            if buffer[index] == 13, buffer[index + 1] == 10, buffer[index + 2] == 13, buffer[index + 3] == 10 {
                return index + 4
            }
            index += 1
        }
        return nil
    }

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
