package import ContrailBase
package import HTTPTypes

extension OTLP {
    /// The receiver's half: a request's parts in, its data and the answer out. No socket, no state.
    package struct Receiver: Sendable {
        /// What the answer to a request is.
        package struct Answer: Sendable, Equatable {
            package var status: Int
            package var contentType: String
            package var body: ByteChunk
            /// More fields: what is allowed, or what would do.
            package var headers: HTTPFields = [:]
            /// What the request carried, if it was accepted.
            package var payload: Payload?
            /// The spans in it, if it was a request with traces.
            package var data: TraceData?
        }

        /// A body that is fine, as protobuf, whatever it was sent as.
        package struct Payload: Sendable, Equatable {
            package var signal: Signal
            package var protobuf: ByteChunk
            /// Names in a JSON body that the schema does not know, the first few.
            package var unknownNames: [String]
        }

        package var limits = DecodingLimits()

        package init() {}

        /// The answer to a request. `contentType` and `contentEncoding` are the header fields, if there were any.
        package func answer(
            method: String, path: String, contentType: String?, contentEncoding: String?, body: ByteChunk
        ) -> Answer {
            let encoding = Encoding(contentType: contentType)
            let refusal = Refusal(encoding: encoding ?? .protobuf)
            guard let signal = Signal(path: path) else {
                return refusal.answer(404, .unimplemented, "there is no \(path)")
            }
            guard method == "POST" else {
                var answer = refusal.answer(405, .unimplemented, "only POST is allowed")
                answer.headers[.allow] = "POST"
                return answer
            }
            guard let encoding else {
                return refusal.answer(
                    415, .invalidArgument, "the content type must be application/x-protobuf or application/json")
            }
            guard let isCompressed = Self.isGzip(contentEncoding) else {
                var answer = refusal.answer(415, .invalidArgument, "the content encoding must be gzip or identity")
                // RFC 9110 §12.5.3.
                answer.headers[.acceptEncoding] = "gzip, identity"
                return answer
            }
            do {
                let plain = isCompressed ? try expanded(body) : body
                // OTLP, "Full Success": the response has the request's content type.
                return try accept(plain, signal, encoding, contentType: contentType ?? encoding.rawValue)
            } catch {
                if case .tooLarge = error { return refusal.answer(413, .resourceExhausted, error.description) }
                return refusal.answer(400, .invalidArgument, error.description)
            }
        }

        /// The answer to a body that was not read to its end, since it is larger than the limit.
        package func answerToTooLargeBody() -> Answer {
            let problem = DecodingError.tooLarge(limitBytes: limits.maxBytes)
            return Refusal(encoding: .protobuf).answer(413, .resourceExhausted, problem.description)
        }

        private func accept(
            _ body: ByteChunk, _ signal: Signal, _ encoding: Encoding, contentType: String
        ) throws(DecodingError) -> Answer {
            var payload = Payload(signal: signal, protobuf: body, unknownNames: [])
            if encoding == .json {
                let read = try OTLP.protobuf(fromJSON: body, .request(signal), limits: limits)
                payload.protobuf = read.bytes
                payload.unknownNames = read.unknown
            }
            var answer = Answer(status: 200, contentType: contentType, body: .empty)
            var response = TraceResponse()
            if signal == .traces {
                let data = try OTLP.decode(payload.protobuf, limits: limits)
                response = TraceResponse(rejectedSpans: Int64(data.rejectedSpans), message: data.remark)
                answer.data = data
            } else {
                try OTLP.check(payload.protobuf, signal, limits: limits)
            }
            answer.payload = payload
            answer.body = response.encoded(as: encoding, signal)
            return answer
        }

        /// A small body may expand to any size: what comes out has the limit that a plain body has.
        private func expanded(_ body: ByteChunk) throws(DecodingError) -> ByteChunk {
            do {
                return try Gzip.expand(body, maxBytes: limits.maxBytes)
            } catch {
                switch error {
                case .malformed: throw .malformed("the body is not gzip")
                case .tooLarge(let limit): throw .tooLarge(limitBytes: limit)
                }
            }
        }

        /// `nil`: an encoding that is not supported. RFC 9110 §8.4.1: x-gzip is gzip.
        private static func isGzip(_ field: String?) -> Bool? {
            switch (field ?? "").trimmingBlanks.lowercased() {
            case "", "identity": false
            case "gzip", "x-gzip": true
            default: nil
            }
        }
    }

    /// How messages are written on the wire.
    package enum Encoding: String, Sendable, Hashable {
        case protobuf = "application/x-protobuf"
        case json = "application/json"

        /// The encoding that a Content-Type names; parameters (`charset=…`) do not matter.
        package init?(contentType: String?) {
            let type = contentType?.split(separator: ";").first.map { String($0).trimmingBlanks.lowercased() } ?? ""
            self.init(rawValue: type)
        }
    }
}

/// Makes error answers (OTLP, "Failures": a `google.rpc.Status` in the request's encoding).
private struct Refusal {
    let encoding: OTLP.Encoding

    /// The gRPC status codes that are used.
    enum Code: Int32 {
        case invalidArgument = 3
        case resourceExhausted = 8
        case unimplemented = 12
    }

    func answer(_ status: Int, _ code: Code, _ message: String) -> OTLP.Receiver.Answer {
        OTLP.Receiver.Answer(
            status: status, contentType: encoding.rawValue,
            body: OTLP.RPCStatus(code: code.rawValue, message: message).encoded(as: encoding))
    }
}

extension String {
    /// Without the blanks and tabs around it.
    var trimmingBlanks: String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
