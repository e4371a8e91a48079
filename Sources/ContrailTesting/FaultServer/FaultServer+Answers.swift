extension FaultServer.Plan {
    // MARK: What healthy servers do

    /// 200 with an empty body.
    public static let ok = status(200)

    /// 200 with this body.
    public static func ok(_ body: String) -> Self { status(200, body: body) }

    /// This status, these header fields (lines that end with `\r\n`) and this body, `after` so long.
    public static func status(
        _ status: Int, headers: String = "", body: String = "", after delay: Duration = .zero
    ) -> Self {
        let respond = FaultServer.Step.respond(status, headers: headers, body: body)
        return delay > .zero ? steps(.wait(delay), respond) : steps(respond)
    }

    /// One status after the other, the last for all further requests: `[503, 503, 200]`.
    public static func statuses(_ statuses: [Int]) -> Self { sequence(statuses.map { status($0) }) }

    /// 200, but not before the gate is open.
    public static func ok(_ body: String = "", when gate: FaultServer.Gate) -> Self {
        steps(.wait(for: gate), .respond(body: body))
    }

    /// 200 in chunks, with a pause between them: a stream as services send it.
    public static func chunks(
        _ chunks: [String], every interval: Duration = .zero, contentType: String = "text/plain"
    ) -> Self {
        let head = ResponseText.head(
            200, headers: "Content-Type: \(contentType)\r\nTransfer-Encoding: chunked\r\n")
        return custom { exchange in
            exchange.send(head)
            for chunk in chunks where !chunk.isEmpty && !exchange.isOver {
                exchange.send(ResponseText.chunk(chunk))
                if interval > .zero { exchange.wait(interval) }
            }
            exchange.send(ResponseText.chunk(""))
        }
    }

    /// 200 with a body of so many bytes that is made as it is sent: bodies of any size in little memory.
    public static func bytes(_ count: Int64) -> Self {
        custom { exchange in
            exchange.send(ResponseText.head(200, headers: "Content-Length: \(count)\r\n"))
            let block = [UInt8](repeating: UInt8(ascii: "x"), count: 65536)
            var left = max(0, count)
            while left > 0, exchange.send(left < 65536 ? Array(block.prefix(Int(left))) : block) {
                left -= min(left, 65536)
            }
        }
    }

    /// 200 with this text, gzip-encoded.
    public static func gzip(_ text: String) -> Self {
        let body = Gzip.stored(Array(text.utf8))
        return gzip(bytes: body)
    }

    static func gzip(bytes: [UInt8]) -> Self {
        let head = ResponseText.head(
            200, headers: "Content-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n")
        return steps(.send(head), .send(bytes: bytes))
    }

    /// Interim responses with these statuses (RFC 9110 §15.2), then 200.
    public static func interim(_ statuses: [Int], then body: String = "") -> Self {
        let interim = statuses.map { ResponseText.head($0, headers: "") }.joined()
        return steps(.send(interim), .respond(body: body))
    }

    /// A redirect to `location`, which is sent as it is.
    public static func redirect(to location: String, status: Int = 302) -> Self {
        self.status(status, headers: "Location: \(location)\r\n")
    }

    /// A redirect to where the request came from, for ever.
    public static let redirectLoop = choose { redirect(to: $0.target) }
}
