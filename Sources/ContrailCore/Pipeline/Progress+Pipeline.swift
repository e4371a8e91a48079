import ContrailBase
import HTTPTypes

/// Where the pipeline tells how far a call is.
extension HTTPCall.Progress {
    /// A send begins; a body that is handed over in chunks is counted as the transport takes them.
    func begin(_ request: inout WireRequest, send: Int) {
        guard let body = request.body else { return change { $0.sendBegins(send, uploadTotal: 0) } }
        change { $0.sendBegins(send, uploadTotal: body.length) }
        if body.bytes == nil { request.body = counting(body, send: send) }
    }

    /// The response is there: so the transport has had what it wanted of a body in memory. Where it measured how much,
    /// it was not all if the peer refused early.
    func answered(_ request: WireRequest, _ summary: SendSummary, send: Int) {
        guard let bytes = request.body?.bytes else { return }
        let measured = summary.requestBodyBytes
        change { $0.uploaded(inAll: measured > 0 ? measured : Int64(bytes.count), send: send) }
    }

    /// The head of the call's response is there.
    func downloadBegins(_ head: ResponseHead, method: HTTPRequest.Method) {
        change { $0.downloaded(inAll: 0, of: Self.total(head, method)) }
    }

    private func counting(_ body: WireBody, send: Int) -> WireBody {
        WireBody(length: body.length, isReplayable: body.isReplayable) { sink in
            // A transport may write a body again that can be.
            self.change { $0.sendBegins(send, uploadTotal: body.length) }
            try await body.write { chunk in
                try await sink(chunk)
                self.change { $0.uploaded(chunk.count, send: send) }
            }
            self.change { $0.uploadIsComplete(send: send) }
        }
    }

    /// To HEAD and with 204 and 304 no body comes, whatever Content-Length says (RFC 9110 §8.6). A transport that decodes
    /// takes the field away: it describes other bytes than those counted here.
    private static func total(_ head: ResponseHead, _ method: HTTPRequest.Method) -> Int64? {
        guard method != .head, ![204, 304].contains(head.status.code) else { return 0 }
        guard head.decodedFrom == nil else { return nil }
        return head.headers[.contentLength].flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
    }
}
