import Contrail
import ContrailTestSupport
import ContrailTesting
import Foundation
import Testing

/// Streamed bodies read against real sockets, with what they leave behind in the trace.
@Suite(.timeLimit(.minutes(1))) struct BodyReadingSpanTests {
    @Test func eventsComeWhateverThePiecesOnTheWire() async throws {
        try await withTracedServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in "event: add\r\ndata: Gr\u{FC}\u{DF}e\r\n\r\nid: 2\ndata: b\n\n".utf8 {
                exchange.send([0x31, 0x0D, 0x0A, byte, 0x0D, 0x0A])
            }
            exchange.send("0\r\n\r\n")
        }) { _, base in
            try await HTTPClient.withClient { client in
                try await client.execute(.get(base)) { head, body in
                    var events: [HTTPCall.ServerSentEvent] = []
                    for try await event in body.serverSentEvents { events.append(event) }
                    return (head.status.code, events.map(\.data), events.map(\.event))
                }
            }
        } check: { result, spans, _ in
            #expect(result.0 == 200)
            #expect(result.1 == ["Gr\u{FC}\u{DF}e", "b"])
            #expect(result.2 == ["add", "message"])
            #expect(spans.first { $0.span.kind == .internal }?.string("contrail.outcome") == "response")
        }
    }

    /// What the closure leaves is given up, and nothing of it is left: the next call goes through the only permit.
    @Test func theScopeEndsTheCall() async throws {
        try await withTracedServer({ exchange in
            exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nfirst\n")
            exchange.hang()
        }) { _, base in
            var configuration = HTTPClient.Configuration()
            configuration.limits.maxTotal = 1
            return try await HTTPClient.withClient(configuration: configuration) { client in
                var lines: [String] = []
                for _ in 0..<2 {
                    let line = try await client.execute(.get(base)) { _, body in
                        var lines = body.lines.makeAsyncIterator()
                        return try await lines.next()
                    }
                    lines.append(line ?? "")
                }
                return lines
            }
        } check: { lines, spans, _ in
            #expect(lines == ["first", "first"])
            #expect(spans.count == 4)
        }
    }

    @Test func aDownloadGoesOnAfterABreak() async throws {
        let path = NSTemporaryDirectory() + "contrail-download-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await withTracedServer({ exchange in
            guard exchange.number > 1 else {
                exchange.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\nhello")
                return exchange.finish()
            }
            exchange.send(
                "HTTP/1.1 206 Part\r\nETag: \"v1\"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nworld")
        }) { _, base in
            try await HTTPClient.withClient { client in
                let download = try await client.download(.get(base + "/f"), to: path)
                return download.resumeCount
            }
        } check: { resumes, spans, server in
            #expect(resumes == 1)
            #expect(
                FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } == "helloworld")
            #expect(server.heads[1].contains("bytes=5-"))
            let sends = spans.filter(\.isClient).sorted { $0.span.startNanoseconds < $1.span.startNanoseconds }
            #expect(server.receivedSpanIDs == sends.map(\.id))
            #expect(sends.map { $0.string("error.type") } == ["truncated_body", nil])
        }
    }
}
