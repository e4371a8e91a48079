import ContrailBase
import ContrailOTLP
import FlyingFox
import Foundation

import struct HTTPTypes.HTTPField
import struct HTTPTypes.HTTPFields

/// Answers requests as the inbox says, and puts them there.
struct CollectorHandler: HTTPHandler {
    let inbox: CollectorInbox
    private let receiver: OTLP.Receiver

    init(inbox: CollectorInbox, configuration: FakeCollector.Configuration) {
        self.inbox = inbox
        var receiver = OTLP.Receiver()
        receiver.limits.maxBytes = configuration.maxBodyBytes
        self.receiver = receiver
    }

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await body(of: request)
        var received = FakeCollector.ReceivedRequest(
            method: request.method.rawValue, path: request.path, headers: Self.fields(request.headers),
            body: body ?? .empty, status: nil, spans: [])
        switch inbox.takeBehavior().kind {
        case .accept(let delay):
            if delay > .zero {
                do { try await Task.sleep(for: delay) } catch { return .hangUp }
            }
            let answer = answer(to: request, body: body)
            received.status = answer.status
            received.spans = Self.spans(answer)
            inbox.receive(received)
            return HTTPResponse(answer)
        case .fail(let status, let headers):
            received.status = status
            inbox.receive(received)
            return .failure(status: status, headers: headers)
        case .refuse:
            inbox.receive(received)
            return .hangUp
        case .hang:
            inbox.receive(received)
            // Until the server stops, which cancels this task.
            try? await Task.sleep(for: .seconds(1_000_000))
            return .hangUp
        }
    }

    private func answer(to request: HTTPRequest, body: ByteChunk?) -> OTLP.Receiver.Answer {
        guard let body else { return receiver.answerToTooLargeBody() }
        return receiver.answer(
            method: request.method.rawValue, path: request.path, contentType: request.headers[.contentType],
            contentEncoding: request.headers[.contentEncoding], body: body)
    }

    /// The body, or `nil` if it is larger than the limit. It is read to its end even so: a client that is still sending
    /// when the connection closes does not see the answer.
    private func body(of request: HTTPRequest) async throws -> ByteChunk? {
        var bytes: [UInt8] = []
        var count = 0
        for try await piece in request.bodySequence {
            count += piece.count
            if count <= receiver.limits.maxBytes { bytes.append(contentsOf: piece) }
        }
        return count <= receiver.limits.maxBytes ? ByteChunk(bytes) : nil
    }

    private static func spans(_ answer: OTLP.Receiver.Answer) -> [FakeCollector.ReceivedSpan] {
        (answer.data?.resourceSpans ?? []).flatMap { group in
            group.spans.map { FakeCollector.ReceivedSpan(span: $0, resource: group.resource) }
        }
    }

    private static func fields(_ headers: HTTPHeaders) -> HTTPFields {
        var fields = HTTPFields()
        for (header, value) in headers {
            guard let name = HTTPField.Name(header.rawValue) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        return fields
    }
}

extension HTTPResponse {
    fileprivate init(_ answer: OTLP.Receiver.Answer) {
        self.init(
            statusCode: HTTPStatusCode(answer.status, phrase: ""),
            headers: [.contentType: answer.contentType], body: Data(answer.body))
        if let allow = answer.allow { headers[HTTPHeader("Allow")] = allow }
    }

    fileprivate static func failure(status: Int, headers: HTTPFields) -> HTTPResponse {
        let body = OTLP.RPCStatus(code: 2, message: "told to answer \(status)").encoded()
        var response = HTTPResponse(
            statusCode: HTTPStatusCode(status, phrase: ""), headers: [.contentType: "application/x-protobuf"],
            body: Data(body))
        for field in headers { response.headers[HTTPHeader(field.name.rawName)] = field.value }
        return response
    }

    /// Closes the connection without a byte. The server offers no such answer; but it asks a WebSocket handler for its
    /// frames before it writes, and closes the connection if that fails.
    fileprivate static var hangUp: HTTPResponse { HTTPResponse(webSocket: HangUp()) }
}

private struct HangUp: WSHandler, Error {
    func makeFrames(for client: AsyncThrowingStream<WSFrame, any Error>) async throws -> AsyncStream<WSFrame> {
        throw self
    }
}
