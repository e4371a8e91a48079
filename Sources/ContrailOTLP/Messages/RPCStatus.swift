import CContrailOTLP
package import ContrailBase

extension OTLP {
    /// The body of every error answer (`google.rpc.Status`; OTLP, "Failures"). Its details are not read.
    package struct RPCStatus: Sendable, Equatable {
        /// A gRPC status code. Clients go by the HTTP status instead.
        package var code: Int32
        /// For developers.
        package var message: String

        package init(code: Int32, message: String) {
            self.code = code
            self.message = message
        }

        /// The bytes.
        ///
        // SAFETY: the tree lives in the arena, which outlives the packing.
        package func encoded() -> ByteChunk {
            var arena = Arena(firstBlockBytes: 1 << 10)
            let status = unsafe arena.make(contrail_google_rpc__status__init)
            unsafe status.pointee.code = code
            unsafe status.pointee.message = arena.copy(message)
            return unsafe (try? pack(&status.pointee.base, maxBytes: .max)) ?? .empty
        }

        /// The bytes in this encoding.
        package func encoded(as encoding: Encoding) -> ByteChunk {
            let protobuf = encoded()
            guard encoding == .json else { return protobuf }
            return (try? OTLP.json(fromProtobuf: protobuf, .status)) ?? .empty
        }

        /// Reads the bytes of this encoding.
        package init(decoding bytes: ByteChunk, as encoding: Encoding) throws(DecodingError) {
            let protobuf = encoding == .json ? try OTLP.protobuf(fromJSON: bytes, .status).bytes : bytes
            try self.init(decoding: protobuf)
        }

        /// Reads the bytes.
        package init(decoding bytes: ByteChunk, limits: DecodingLimits = DecodingLimits()) throws(DecodingError) {
            self = try unsafe unpack(bytes, contrail_google_rpc__status__init, limits: limits) {
                status throws(DecodingError) in
                RPCStatus(
                    code: unsafe status.pointee.code, message: try unsafe ValueReader().text(status.pointee.message))
            }
        }
    }
}
