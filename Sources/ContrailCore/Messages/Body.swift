public import ContrailBase

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension HTTPCall {
    /// The body of a request, with the content type it implies. Can be sent again: it is held in memory, shared.
    public struct Body: Sendable, Hashable {
        /// The bytes.
        public var bytes: ByteChunk
        /// Sent as Content-Type unless the request has one already; `nil`: none.
        public var contentType: String?

        /// These bytes. Copies them.
        public static func bytes(_ bytes: some Sequence<UInt8>, contentType: String? = nil) -> Body {
            Body(bytes: ByteChunk(bytes), contentType: contentType)
        }

        /// This chunk; shared, not copied.
        public static func chunk(_ chunk: ByteChunk, contentType: String? = nil) -> Body {
            Body(bytes: chunk, contentType: contentType)
        }

        /// This text as UTF-8.
        public static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Body {
            Body(bytes: ByteChunk(text.utf8), contentType: contentType)
        }

        /// This value as JSON. Throws what the encoder throws.
        public static func json(_ value: some Encodable, encoder: JSONEncoder = JSONEncoder()) throws -> Body {
            Body(bytes: ByteChunk(try encoder.encode(value)), contentType: "application/json")
        }
    }
}
