/// Gzip data (RFC 1952) for plans: nothing is compressed, except where that is the point.
enum Gzip {
    /// No name, no time, no flags.
    static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

    /// `bytes` in stored blocks (RFC 1951 §3.2.4).
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var data = header
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65535)
            rest = rest.dropFirst(block.count)
            let count = UInt16(block.count)
            data += [
                rest.isEmpty ? 1 : 0, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8),
            ]
            data += block
        } while !rest.isEmpty
        return data + littleEndian(checksum(bytes)) + littleEndian(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// Zeros, about 1030 times the data, handed to `send` piece by piece until it returns false. The checksum at the end
    /// is not right: nobody should get there.
    ///
    /// One block with its own codes (RFC 1951 §3.2.7): the length 258 is the one bit 0, the distance 1 the other, so that
    /// each further byte 0 of the data is four copies of 258 zeros.
    static func bomb(decodedBytes: Int, _ send: ([UInt8]) -> Bool) {
        var left = decodedBytes / (4 * 258)
        guard send(header + bombStart) else { return }
        while left > 0, send([UInt8](repeating: 0, count: min(left, 65536))) { left -= min(left, 65536) }
        // Whole bytes of copies keep the bit position, so the end of block follows wherever they stop.
        if left <= 0 { _ = send(bombEnd + littleEndian(0) + littleEndian(UInt32(truncatingIfNeeded: decodedBytes))) }
    }

    /// The block's header (RFC 1951 §3.2.7), a literal zero, and two copies, which end on a whole byte.
    private static let bombStart: [UInt8] = {
        var bits = BitWriter()
        bits.number(1, bits: 1)  // the last block
        bits.number(2, bits: 2)  // with its own codes
        bits.number(286 - 257, bits: 5)
        bits.number(1 - 1, bits: 5)
        bits.number(19 - 4, bits: 4)
        // How long the codes of the lengths 18 (many zeros), 2 and 1 are: 0, 11 and 10; the order is the RFC's.
        for length in [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0] { bits.number(length, bits: 3) }
        bits.code("11")  // the literal 0: 2 bits
        bits.code("0")
        bits.number(138 - 11, bits: 7)
        bits.code("0")
        bits.number(117 - 11, bits: 7)  // 255 others: none
        bits.code("11")  // the end of the block: 2 bits
        bits.code("0")
        bits.number(28 - 11, bits: 7)  // shorter copies: none
        bits.code("10")  // copies of 258: 1 bit
        bits.code("10")  // the distance 1: 1 bit
        bits.code("10")
        bits.code("00")
        bits.code("00")
        return bits.bytes
    }()

    /// The code of the end, padded.
    private static let bombEnd: [UInt8] = [0b11]

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// CRC-32 (RFC 1952 §8), bit by bit: the data is small.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
    }
}

/// Bits from the least significant on, as deflate packs them (RFC 1951 §3.1.1).
private struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var used = 8

    /// A number begins with its least significant bit.
    mutating func number(_ value: Int, bits: Int) { for bit in 0..<bits { write(value >> bit & 1) } }

    /// A code is written as it is read.
    mutating func code(_ code: String) { for bit in code.utf8 { write(bit == UInt8(ascii: "1") ? 1 : 0) } }

    private mutating func write(_ bit: Int) {
        if used == 8 {
            bytes.append(0)
            used = 0
        }
        bytes[bytes.count - 1] |= UInt8(bit << used)
        used += 1
    }
}
