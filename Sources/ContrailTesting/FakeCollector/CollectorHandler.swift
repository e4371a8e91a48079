import ContrailBase
import ContrailOTLP
import HTTPTypes

/// Answers the requests of a connection as the inbox says, and puts them there.
struct CollectorHandler: Sendable {
    let inbox: CollectorInbox
    private let receiver: OTLP.Receiver

    init(inbox: CollectorInbox, configuration: FakeCollector.Configuration) {
        self.inbox = inbox
        var receiver = OTLP.Receiver()
        receiver.limits.maxBytes = configuration.maxBodyBytes
        self.receiver = receiver
    }

    /// Serves a connection to its end. Runs on the connection's thread.
    func serve(_ connection: LoopbackConnection) {
        var reader = LoopbackRequestReader(connection, maxBodyBytes: receiver.limits.maxBytes)
        while true {
            switch reader.next() {
            case .end: return
            case .malformed:
                connection.send(Reply.failure(status: 400, headers: [:]).bytes)
                return
            case .request(let request):
                guard let reply = reply(to: request, on: connection), connection.send(reply.bytes) else { return }
                if request.wantsClose { return }
            }
        }
    }

    /// The reply; `nil`: the connection is to be closed without one.
    private func reply(to request: LoopbackRequest, on connection: LoopbackConnection) -> Reply? {
        var received = FakeCollector.ReceivedRequest(
            method: request.method, path: request.path, headers: request.headers,
            body: request.body.map { ByteChunk($0) } ?? .empty, status: nil, spans: [])
        switch inbox.takeBehavior().kind {
        case .accept(let delay):
            if delay > .zero, !connection.wait(milliseconds: delay.wholeMilliseconds) { return nil }
            let answer = answer(to: request, body: received.body)
            received.status = answer.status
            received.spans = Self.spans(answer)
            inbox.receive(received)
            return Reply(answer)
        case .fail(let status, let headers):
            received.status = status
            inbox.receive(received)
            return .failure(status: status, headers: headers)
        case .refuse:
            inbox.receive(received)
            return nil
        case .hang:
            inbox.receive(received)
            connection.drain()
            return nil
        }
    }

    private func answer(to request: LoopbackRequest, body: ByteChunk) -> OTLP.Receiver.Answer {
        guard request.body != nil else { return receiver.answerToTooLargeBody() }
        return receiver.answer(
            method: request.method, path: request.path, contentType: request.headers[.contentType],
            contentEncoding: request.headers[.contentEncoding], body: body)
    }

    private static func spans(_ answer: OTLP.Receiver.Answer) -> [FakeCollector.ReceivedSpan] {
        (answer.data?.resourceSpans ?? []).flatMap { group in
            group.spans.map { FakeCollector.ReceivedSpan(span: $0, resource: group.resource) }
        }
    }
}

/// A response on its way out.
private struct Reply {
    var status: Int
    var headers: HTTPFields
    var body: ByteChunk

    init(_ answer: OTLP.Receiver.Answer) {
        status = answer.status
        headers = answer.headers
        headers[.contentType] = answer.contentType
        body = answer.body
    }

    private init(status: Int, headers: HTTPFields, body: ByteChunk) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static func failure(status: Int, headers: HTTPFields) -> Reply {
        var all: HTTPFields = [.contentType: "application/x-protobuf"]
        for field in headers { all[field.name] = field.value }
        let message = OTLP.RPCStatus(code: 2, message: "told to answer \(status)").encoded()
        return Reply(status: status, headers: all, body: message)
    }

    var bytes: [UInt8] {
        var text = "HTTP/1.1 \(status) \r\nContent-Length: \(body.count)\r\n"
        for field in headers { text += "\(field.name.rawName): \(field.value)\r\n" }
        return Array((text + "\r\n").utf8) + body
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int { Int(clamping: wholeNanoseconds / 1_000_000) }
}
