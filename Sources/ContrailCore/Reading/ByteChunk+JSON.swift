import ContrailBase

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ByteChunk {
    /// Decodes without copying the bytes.
    func decode<Value: Decodable>(_ type: Value.Type, _ decoder: JSONDecoder) throws -> Value {
        // SAFETY: the data borrows the chunk's memory, which self keeps alive until the decoder is done.
        try unsafe withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return try decoder.decode(type, from: Data()) }
            let data = unsafe Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count, deallocator: .none)
            return try decoder.decode(type, from: data)
        }
    }
}
