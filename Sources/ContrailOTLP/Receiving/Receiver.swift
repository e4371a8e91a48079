package import ContrailBase

extension OTLP {
    /// The receiver's half: a request's parts in, its data and the answer out. No socket, no state.
    package struct Receiver: Sendable {
        /// What the answer to a request is.
        package struct Answer: Sendable, Equatable {
            package var status: Int
            package var contentType: String
            package var body: ByteChunk
            /// For a 405: what is allowed.
            package var allow: String?
            /// What the request carried, if it was accepted.
            package var data: TraceData?
        }

        package var limits = DecodingLimits()

        package init() {}

        /// The answer to a request. `contentType` and `contentEncoding` are the header fields, if there were any.
        package func answer(
            method: String, path: String, contentType: String?, contentEncoding: String?, body: ByteChunk
        ) -> Answer {
            guard path == "/v1/traces" else { return refusal(404, .unimplemented, "there is no \(path)") }
            guard method == "POST" else {
                var answer = refusal(405, .unimplemented, "only POST is allowed")
                answer.allow = "POST"
                return answer
            }
            // Parameters (charset=…) do not matter.
            let type = contentType?.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
            guard type == Self.protobuf else {
                return refusal(415, .invalidArgument, "the content type must be \(Self.protobuf)")
            }
            guard ["", "identity"].contains((contentEncoding ?? "").lowercased()) else {
                return refusal(415, .invalidArgument, "the content encoding must be identity")
            }
            return answer(toBody: body, contentType: contentType ?? Self.protobuf)
        }

        /// The answer to a body that was not read to its end, since it is larger than the limit.
        package func answerToTooLargeBody() -> Answer {
            refusal(413, .resourceExhausted, DecodingError.tooLarge(limitBytes: limits.maxBytes).description)
        }

        private func answer(toBody body: ByteChunk, contentType: String) -> Answer {
            do {
                let data = try OTLP.decode(body, limits: limits)
                let response = TraceResponse(rejectedSpans: Int64(data.rejectedSpans), message: data.remark)
                // OTLP, "Full Success": the response has the request's content type.
                return Answer(status: 200, contentType: contentType, body: response.encoded(), data: data)
            } catch {
                switch error {
                case .tooLarge: return answerToTooLargeBody()
                case .malformed, .tooDeep: return refusal(400, .invalidArgument, error.description)
                }
            }
        }

        private func refusal(_ status: Int, _ code: Code, _ message: String) -> Answer {
            Answer(
                status: status, contentType: Self.protobuf,
                body: RPCStatus(code: code.rawValue, message: message).encoded())
        }

        private static let protobuf = "application/x-protobuf"

        /// The gRPC status codes that are used.
        private enum Code: Int32 {
            case invalidArgument = 3
            case resourceExhausted = 8
            case unimplemented = 12
        }
    }
}
