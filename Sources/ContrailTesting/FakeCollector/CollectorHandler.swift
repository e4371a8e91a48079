import ContrailBase
import ContrailOTLP
import HTTPTypes

/// Answers the requests of a connection as the inbox says, and puts them there.
struct CollectorHandler: Sendable {
    let inbox: CollectorInbox
    private let receiver: OTLP.Receiver
    private let checks: Set<FakeCollector.Check>

    init(inbox: CollectorInbox, configuration: FakeCollector.Configuration) {
        self.inbox = inbox
        var receiver = OTLP.Receiver()
        receiver.limits.maxBytes = configuration.maxBodyBytes
        self.receiver = receiver
        checks = configuration.checks
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
            return Reply(accept(request, &received))
        case .acceptPartly(let rejected, let message):
            var answer = accept(request, &received)
            if let payload = answer.payload {
                let encoding = OTLP.Encoding(contentType: answer.contentType) ?? .protobuf
                answer.body = OTLP.TraceResponse(rejectedSpans: rejected, message: message)
                    .encoded(as: encoding, payload.signal)
            }
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

    /// Answers as OTLP says, and keeps what came.
    private func accept(
        _ request: LoopbackRequest, _ received: inout FakeCollector.ReceivedRequest
    ) -> OTLP.Receiver.Answer {
        let answer = answer(to: request, body: received.body)
        received.status = answer.status
        received.spans = Self.spans(answer)
        if let payload = answer.payload {
            if payload.signal == .metrics { received.metrics = WireJSON.metrics(payload.protobuf) }
            if payload.signal == .logs { received.logs = WireJSON.logs(payload.protobuf) }
            received.violations = violations(in: received, payload, answer.data)
        }
        inbox.receive(received)
        return answer
    }

    private func violations(
        in received: FakeCollector.ReceivedRequest, _ payload: OTLP.Receiver.Payload, _ data: OTLP.TraceData?
    ) -> [FakeCollector.Violation] {
        guard !checks.isEmpty else { return [] }
        var inspector = Inspector()
        inspector.inspect(payload, data)
        for resource in Set(received.metrics.map(\.resource) + received.logs.map(\.resource)) {
            inspector.inspect(resource)
        }
        for metric in received.metrics {
            for point in metric.points { inspector.check(point.attributes, of: "a point of '\(metric.name)'") }
        }
        for log in received.logs { inspector.check(log.attributes, of: "a log record") }
        return inspector.findings.map { FakeCollector.Violation(rule: .init(rule: $0.rule), what: $0.what) }
            .filter { checks.contains($0.rule) }
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
