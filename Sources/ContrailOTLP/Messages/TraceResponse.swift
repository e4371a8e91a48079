import CContrailOTLP
package import ContrailBase

extension OTLP {
    /// The body of a 200 (`ExportTraceServiceResponse`). Those of the other signals have the same fields under other names.
    package struct TraceResponse: Sendable, Equatable {
        /// Spans that were refused for good; 0 if all were accepted.
        package var rejectedSpans: Int64
        /// Why, or a warning if nothing was refused; mostly empty.
        package var message: String

        package init(rejectedSpans: Int64 = 0, message: String = "") {
            self.rejectedSpans = rejectedSpans
            self.message = message
        }

        /// The bytes; none at all if everything was accepted, since `partial_success` must then be absent.
        ///
        // SAFETY: the tree lives in the arena, which outlives the packing.
        package func encoded() -> ByteChunk {
            guard self != TraceResponse() else { return .empty }
            var arena = Arena(firstBlockBytes: 1 << 10)
            let partial = unsafe arena.make(contrail_otlp_trace_service__export_trace_partial_success__init)
            unsafe partial.pointee.rejected_spans = rejectedSpans
            unsafe partial.pointee.error_message = arena.copy(message)
            let response = unsafe arena.make(contrail_otlp_trace_service__export_trace_service_response__init)
            unsafe response.pointee.partial_success = unsafe partial
            return unsafe (try? pack(&response.pointee.base, maxBytes: .max)) ?? .empty
        }

        /// The bytes in this encoding. JSON without anything to say is `{}`.
        package func encoded(as encoding: Encoding, _ signal: Signal = .traces) -> ByteChunk {
            let protobuf = encoded()
            guard encoding == .json else { return protobuf }
            return (try? OTLP.json(fromProtobuf: protobuf, .response(signal))) ?? .empty
        }

        /// Reads the bytes of this encoding.
        package init(decoding bytes: ByteChunk, as encoding: Encoding) throws(DecodingError) {
            let protobuf = encoding == .json ? try OTLP.protobuf(fromJSON: bytes, .response(.traces)).bytes : bytes
            try self.init(decoding: protobuf)
        }

        /// Reads the bytes.
        package init(decoding bytes: ByteChunk, limits: DecodingLimits = DecodingLimits()) throws(DecodingError) {
            self = try unsafe unpack(
                bytes, contrail_otlp_trace_service__export_trace_service_response__init, limits: limits
            ) { response throws(DecodingError) in
                guard let partial = unsafe response.pointee.partial_success else { return TraceResponse() }
                return TraceResponse(
                    rejectedSpans: unsafe partial.pointee.rejected_spans,
                    message: try unsafe ValueReader().text(partial.pointee.error_message))
            }
        }
    }
}
