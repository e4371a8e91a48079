public import ContrailBase

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension HTTPCall {
    /// The body of a request, with the content type it implies: bytes in memory, a file, a form, or a stream.
    ///
    /// All but a stream can be sent again: in a retry, behind a redirect, or in another call.
    public struct Body: Sendable {
        /// The bytes, or where they come from.
        public let wire: WireBody
        /// Sent as Content-Type unless the request has one already; `nil`: none.
        public var contentType: String?

        /// A body of whatever kind.
        public init(_ wire: WireBody, contentType: String? = nil) {
            self.wire = wire
            self.contentType = contentType
        }

        /// The bytes, if they are in memory.
        public var bytes: ByteChunk? { wire.bytes }
        /// The number of bytes; `nil`: not known in advance.
        public var length: Int64? { wire.length }
        /// True if the body can be sent again and again.
        public var isReplayable: Bool { wire.isReplayable }

        /// These bytes. Copies them.
        public static func bytes(_ bytes: some Sequence<UInt8>, contentType: String? = nil) -> Body {
            chunk(ByteChunk(bytes), contentType: contentType)
        }

        /// This chunk; shared, not copied.
        public static func chunk(_ chunk: ByteChunk, contentType: String? = nil) -> Body {
            Body(WireBody(chunk), contentType: contentType)
        }

        /// This text as UTF-8.
        public static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Body {
            chunk(ByteChunk(text.utf8), contentType: contentType)
        }

        /// This value as JSON. Throws what the encoder throws.
        public static func json(_ value: some Encodable, encoder: JSONEncoder = JSONEncoder()) throws -> Body {
            chunk(ByteChunk(try encoder.encode(value)), contentType: "application/json")
        }
    }
}
