extension FaultServer.Plan {
    // MARK: Connections that never come about

    /// Connections are refused; the port stays taken. Only as the plan that a server starts with: elsewhere, a reset.
    public static let refuse = Self(.init(steps: [.reset]), door: .closed)

    /// Connecting takes for ever. Only as the plan that a server starts with: elsewhere, as ``neverRead``.
    public static let neverAccept = Self(.init(steps: [.ignore]), door: .crowded)

    /// The connection is there, but nothing is read and nothing said: an upload fills the buffers, a TLS handshake hangs.
    public static let neverRead = stepsOnConnect(.ignore)

    /// Whatever comes first, usually the first message of a TLS handshake, is answered with a fatal alert,
    /// `handshake_failure` (RFC 8446 §6.2).
    public static let tlsAlert = stepsOnConnect(
        .readAnything, .send(bytes: [21, 3, 3, 0, 2, 2, 40]), .closeSending)

    // MARK: Silence and ends

    /// The request is read and never answered.
    public static let acceptAndSilence = steps(.silence)

    /// The connection is closed without an answer.
    public static let closeUnanswered = steps(.close)

    /// The head of the answer comes, and then nothing.
    public static let silenceAfterHead = steps(.send(announced), .silence)

    /// Where a connection breaks.
    public enum ResetPoint: Sendable, CaseIterable {
        /// The request was read; no byte of the answer was sent.
        case beforeHead
        /// In the middle of a header field.
        case insideHead
        /// Behind the head; of the announced body nothing was sent.
        case afterHead
        /// Behind half of the body.
        case insideBody
    }

    /// The connection is reset. What was sent before is given 20 ms to arrive, since a reset overtakes it.
    public static func reset(_ point: ResetPoint) -> Self {
        switch point {
        case .beforeHead: steps(.reset)
        case .insideHead: steps(.send("HTTP/1.1 200 OK\r\nX-Half: a val"), .wait(.milliseconds(20)), .reset)
        case .afterHead: steps(.send(announced), .wait(.milliseconds(20)), .reset)
        case .insideBody: steps(.send(announced + "12345"), .wait(.milliseconds(20)), .reset)
        }
    }

    /// Each connection is good for one answer; the next request on it is read, and the connection closed unanswered. A
    /// client cannot know whether that request was carried out.
    public static let staleKeepAlive = perConnection(.ok, .closeUnanswered)

    /// The head of an upload is read, and its body until the client pauses for 50 ms; then the connection is closed.
    public static let closeWhileUploadPaused = stepsAfterHead(
        .readBody(untilSilentFor: .milliseconds(50)), .close)

    /// This status as soon as the head is there, while the body is still coming; then the end.
    public static func earlyAnswer(_ status: Int) -> Self {
        stepsAfterHead(.respond(status, headers: "Connection: close\r\n"), .closeSending)
    }

    // MARK: Bodies that are not what the head says

    /// The head announces 10 bytes, 5 come, and the connection is closed.
    public static let shortBody = steps(.send(announced + "12345"), .close)

    /// The head announces 5 bytes, and 10 come.
    public static let overLongBody = steps(.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234567890"))

    /// A chunk whose size is no number.
    public static let malformedChunk = steps(.send(chunked + "5\r\nhello\r\nworld\r\nxyz\r\n"), .close)

    /// Chunks without a last one.
    public static let missingLastChunk = steps(.send(chunked + "5\r\nhello\r\n"), .close)

    /// The body comes in drops: a byte, a pause, a byte.
    public static func drip(_ body: String = "0123456789", interval: Duration) -> Self {
        custom { exchange in
            exchange.send(ResponseText.head(200, headers: "Content-Length: \(body.utf8.count)\r\n"))
            for byte in body.utf8 where exchange.send([byte]) { exchange.wait(interval) }
        }
    }

    /// As ``drip(_:interval:)``, for ever.
    public static func endlessDrip(interval: Duration) -> Self {
        steps(.send(chunked), .send("1\r\nx\r\n", every: interval))
    }

    /// What should be gzip is not.
    public static let badGzip = gzip(bytes: Gzip.header + Array("this is not deflate data".utf8))

    /// Gzip that decodes to so many zeros, a thousand times its own size. Default 1 GiB.
    public static func gzipBomb(decodedBytes: Int = 1 << 30) -> Self {
        custom { exchange in
            exchange.send(
                ResponseText.head(200, headers: "Content-Encoding: gzip\r\nConnection: close\r\n"))
            Gzip.bomb(decodedBytes: decodedBytes) { exchange.send($0) }
            exchange.finish()
        }
    }

    // MARK: Heads

    /// A header field whose value never ends.
    public static let endlessHeader = steps(
        .send("HTTP/1.1 200 OK\r\nX-Endless: "), .repeat([UInt8](repeating: UInt8(ascii: "a"), count: 1024)))

    /// A head with about so many bytes of fields, each of them short.
    public static func headers(bytes: Int) -> Self { headers(count: max(1, bytes / 1024), valueBytes: 1010) }

    /// A head with so many fields.
    public static func headers(count: Int, valueBytes: Int = 1) -> Self {
        let value = String(repeating: "v", count: valueBytes)
        return status(200, headers: (0..<count).map { "X-\($0): \(value)\r\n" }.joined())
    }

    /// A NUL byte in a field value; a recipient rejects it or replaces it by a space (RFC 9110 §5.5).
    public static let nulInHeader = status(200, headers: "X-Nul: a\0b\r\n")

    /// A field value that goes on in the next line (obsolete line folding, RFC 9112 §5.2).
    public static let foldedHeader = status(200, headers: "X-Folded: first\r\n second\r\n")

    /// Interim responses without end.
    public static let interimFlood = steps(.repeat(Array("HTTP/1.1 102 Processing\r\n\r\n".utf8)))

    /// What comes is not HTTP.
    public static let notHTTP = steps(.send("SSH-2.0-OpenSSH_9.2\r\n"), .close)

    /// A head that announces 10 bytes.
    private static let announced = ResponseText.head(200, headers: "Content-Length: 10\r\n")
    private static let chunked = ResponseText.head(200, headers: "Transfer-Encoding: chunked\r\n")
}
