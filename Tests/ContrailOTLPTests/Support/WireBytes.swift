/// Builds protobuf by hand, also what no encoder would write.
struct WireBytes {
    private(set) var bytes: [UInt8] = []

    static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// A field with a length.
    static func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(content.count)) + content
    }

    static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }

    /// A request with one span, whose fields are `span`.
    static func request(span: [UInt8]) -> [UInt8] { field(1, field(2, field(2, span))) }

    static let ids = field(1, Array(repeating: 1, count: 16)) + field(2, Array(repeating: 1, count: 8))

    /// A request whose span has one attribute "k" with this AnyValue.
    static func request(value: [UInt8]) -> [UInt8] { request(span: ids + field(9, field(1, [0x6B]) + field(2, value))) }

    /// An array in an array … as an AnyValue. Built from the inside out, so that many levels take no recursion.
    static func nestedArrays(_ depth: Int) -> [UInt8] {
        var value = field(3, UInt64(1))
        // Prepending to an array of a megabyte a million times is slow: collect the heads and turn them round.
        var heads: [[UInt8]] = []
        var length = value.count
        for _ in 0..<depth {
            let inner = varint(1 << 3 | 2) + varint(UInt64(length))
            let outer = varint(5 << 3 | 2) + varint(UInt64(length + inner.count))
            heads.append(outer + inner)
            length += inner.count + outer.count
        }
        value = heads.reversed().flatMap { $0 } + value
        return value
    }
}
