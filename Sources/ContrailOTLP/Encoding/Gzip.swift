import CContrailZlib
package import ContrailBase

/// The gzip format (RFC 1952), one whole buffer at a time, by the system's zlib.
package enum Gzip {
    /// Why bytes cannot be expanded.
    package enum Problem: Error, Sendable, Equatable {
        /// Not gzip, cut short, or damaged.
        case malformed
        /// More than the limit, expanded.
        case tooLarge(limitBytes: Int)
    }

    /// The least effort: spans are so repetitive that it takes nine tenths away, and the next levels cost twice as much
    /// for a twentieth more.
    private static let level: Int32 = 1

    /// How much is written at a time.
    private static let pieceBytes = 64 << 10

    /// The bytes, compressed; `nil` if zlib has no memory.
    ///
    // SAFETY: the stream points into `bytes` and `piece` during the calls only, and zlib is told their sizes.
    package static func compress(_ bytes: ByteChunk) -> ByteChunk? {
        var stream = unsafe z_stream()
        guard unsafe contrail_gzip_compress_init(&stream, level) == Z_OK else { return nil }
        defer { unsafe deflateEnd(&stream) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 4)
        let isDone = unsafe bytes.withUnsafeBytes { input in
            unsafe drain(&stream, input, into: &output) { unsafe deflate($0, $1) } == .done
        }
        return isDone ? ByteChunk(output) : nil
    }

    /// The bytes, expanded: all members of the file, one after another. Never holds more than `maxBytes`.
    ///
    // SAFETY: as above.
    package static func expand(_ bytes: ByteChunk, maxBytes: Int) throws(Problem) -> ByteChunk {
        var stream = unsafe z_stream()
        guard unsafe contrail_gzip_expand_init(&stream) == Z_OK else { throw .malformed }
        defer { unsafe inflateEnd(&stream) }
        var output: [UInt8] = []
        let ending = unsafe bytes.withUnsafeBytes { input in
            unsafe drain(&stream, input, into: &output, maxBytes: maxBytes) { stream, flush in
                let code = unsafe inflate(stream, flush)
                // RFC 1952 §2.2: members follow one another; what is behind the last one must be another.
                guard code == Z_STREAM_END, unsafe stream.pointee.avail_in > 0 else { return code }
                return unsafe inflateReset(stream)
            }
        }
        switch ending {
        case .done: return ByteChunk(output)
        case .failed: throw .malformed
        case .full: throw .tooLarge(limitBytes: maxBytes)
        }
    }

    private enum Ending { case done, failed, full }

    /// Calls `step` until it says that the end is reached.
    ///
    // SAFETY: next_in and next_out point into `input` and `piece`, which outlive the calls of `step`.
    private static func drain(
        _ stream: inout z_stream, _ input: UnsafeRawBufferPointer, into output: inout [UInt8], maxBytes: Int = .max,
        _ step: (UnsafeMutablePointer<z_stream>, Int32) -> Int32
    ) -> Ending {
        // zlib counts in 32 bits; no body comes near.
        guard let count = UInt32(exactly: input.count) else { return .failed }
        unsafe stream.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = count
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let before = unsafe stream.avail_in
            let (code, written) = unsafe piece.withUnsafeMutableBufferPointer { piece in
                unsafe stream.next_out = piece.baseAddress
                unsafe stream.avail_out = UInt32(piece.count)
                let code = unsafe step(&stream, Z_FINISH)
                return unsafe (code, piece.count - Int(stream.avail_out))
            }
            guard written <= maxBytes - output.count else { return .full }
            output += piece[..<written]
            if code == Z_STREAM_END { return .done }
            // Z_BUF_ERROR only says that `piece` is full; without any progress the input is cut short.
            guard code == Z_OK || code == Z_BUF_ERROR, unsafe written > 0 || stream.avail_in < before else {
                return .failed
            }
        }
    }
}
