#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Turns OTLP's JSON into protobuf, so that all that follows (limits, checks, reading) is the same for both.
///
/// Names that the schema does not know are ignored, as OTLP demands, and remembered.
struct JSONReader {
    private let schema: WireSchema
    private let maxDepth: Int
    /// Where names were found that the schema does not know, the first few.
    private(set) var unknown: [String] = []

    init(_ schema: WireSchema, maxDepth: Int) {
        self.schema = schema
        self.maxDepth = maxDepth
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// The protobuf of the message of the type `type`.
    mutating func message(_ decoder: any Decoder, type: Int = 0, depth: Int = 1) throws -> [UInt8] {
        guard depth <= maxDepth else { throw OTLP.DecodingError.tooDeep(limit: maxDepth) }
        let container = try decoder.container(keyedBy: Key.self)
        let message = schema.messages[type]
        var fields: [(WireSchema.Field, Key)] = []
        for key in container.allKeys {
            // null is the same as nothing (proto3, "JSON Mapping").
            if let field = message.byName[key.stringValue] {
                if try !container.decodeNil(forKey: key) { fields.append((field, key)) }
            } else if unknown.count < 16 {
                unknown.append("\(message.name).\(key.stringValue.prefix(40))")
            }
        }
        var output = WireWriter()
        // JSON's members have no order; protobuf's usual one is that of the numbers.
        for (field, key) in fields.sorted(by: { $0.0.number < $1.0.number }) {
            if field.isRepeated {
                var list = try container.nestedUnkeyedContainer(forKey: key)
                while !list.isAtEnd { try value(list.superDecoder(), field, depth, &output) }
            } else {
                try value(container.superDecoder(forKey: key), field, depth, &output)
            }
        }
        return output.bytes
    }

    private mutating func value(
        _ decoder: any Decoder, _ field: WireSchema.Field, _ depth: Int, _ output: inout WireWriter
    ) throws {
        let number = field.number
        switch field.kind {
        case .message(let type): output.bytes(number, try message(decoder, type: type, depth: depth + 1))
        case .text: output.bytes(number, Array(try text(decoder).utf8))
        case .hexadecimal:
            guard let bytes = Hexadecimal.bytes(try text(decoder)) else { throw malformed(field, "is not hexadecimal") }
            output.bytes(number, bytes)
        case .bytes:
            guard let bytes = Base64.bytes(try text(decoder)) else { throw malformed(field, "is not base64") }
            output.bytes(number, bytes)
        case .bool: output.varint(number, try decoder.singleValueContainer().decode(Bool.self) ? 1 : 0)
        case .signed(let is64):
            let value: Int64 = try is64 ? integer(decoder, field) : Int64(integer(decoder, field) as Int32)
            output.varint(number, UInt64(bitPattern: value))
        case .unsigned(let is64):
            output.varint(number, try is64 ? integer(decoder, field) : UInt64(integer(decoder, field) as UInt32))
        case .zigzag(let is64):
            let value: Int64 = try is64 ? integer(decoder, field) : Int64(integer(decoder, field) as Int32)
            output.varint(number, UInt64(bitPattern: value << 1 ^ value >> 63))
        case .fixed32(true): output.fixed32(number, UInt32(bitPattern: try integer(decoder, field)))
        case .fixed32(false): output.fixed32(number, try integer(decoder, field))
        case .fixed64(true): output.fixed64(number, UInt64(bitPattern: try integer(decoder, field)))
        case .fixed64(false): output.fixed64(number, try integer(decoder, field))
        case .float: output.fixed32(number, Float(try double(decoder, field)).bitPattern)
        case .double: output.fixed64(number, try double(decoder, field).bitPattern)
        }
    }

    private func text(_ decoder: any Decoder) throws -> String {
        try decoder.singleValueContainer().decode(String.self)
    }

    /// A number, or a text that is one: both are allowed whatever the width.
    private func integer<Number: FixedWidthInteger & Decodable>(
        _ decoder: any Decoder, _ field: WireSchema.Field
    ) throws -> Number {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Number.self) { return number }
        guard let number = Number(try container.decode(String.self)) else { throw malformed(field, "is not in range") }
        return number
    }

    private func double(_ decoder: any Decoder, _ field: WireSchema.Field) throws -> Double {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) { return number }
        switch try container.decode(String.self) {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        case let text:
            guard let number = Double(text), number.isFinite else { throw malformed(field, "is not a number") }
            return number
        }
    }

    private func malformed(_ field: WireSchema.Field, _ what: String) -> OTLP.DecodingError {
        .malformed("\(field.name) \(what)")
    }
}

/// Writes the fields of a protobuf message.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ field: UInt32, _ value: UInt64) {
        append(UInt64(field) << 3)
        append(value)
    }

    mutating func fixed64(_ field: UInt32, _ value: UInt64) {
        append(UInt64(field) << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func fixed32(_ field: UInt32, _ value: UInt32) {
        append(UInt64(field) << 3 | 5)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func bytes(_ field: UInt32, _ value: [UInt8]) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(value.count))
        bytes += value
    }

    private mutating func append(_ varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// Base64 as proto3's JSON mapping takes it: the usual alphabet or the one for URLs, padded or not.
enum Base64 {
    static func bytes(_ text: String) -> [UInt8]? {
        var usual = text.replacing("-", with: "+").replacing("_", with: "/")
        while usual.utf8.count % 4 != 0 { usual += "=" }
        return Data(base64Encoded: usual).map(Array.init)
    }
}
