#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes protobuf as OTLP's JSON (OTLP, "JSON Protobuf Encoding"; proto3, "JSON Mapping"): names in camel case,
/// enumerations as numbers, 64-bit numbers as texts, ids in hexadecimal, other bytes in base64.
struct JSONWriter {
    private let schema: WireSchema
    private let maxDepth: Int
    private(set) var output: [UInt8] = []

    init(_ schema: WireSchema, maxDepth: Int) {
        self.schema = schema
        self.maxDepth = maxDepth
    }

    /// What came for one field, in order.
    // SAFETY: the contents are lent for the duration of `message`, which the caller's bytes outlive.
    private struct Entry {
        let field: WireSchema.Field
        var contents: [WireCursor.Content]
    }

    /// Writes a message of the type `type`. Fields that the schema does not know are left out.
    mutating func message(
        _ bytes: UnsafeRawBufferPointer, type: Int = 0, depth: Int = 1
    ) throws(OTLP.DecodingError) {
        guard depth <= maxDepth else { throw .tooDeep(limit: maxDepth) }
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        for entry in try unsafe entries(bytes, schema.messages[type]) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            text(entry.field.name)
            output.append(UInt8(ascii: ":"))
            if entry.field.isRepeated {
                try list(entry, depth)
            } else if let last = entry.contents.last {
                // Of a field that comes more than once the last counts (protobuf, "Last One Wins").
                try value(last, entry.field.kind, depth)
            }
        }
        output.append(UInt8(ascii: "}"))
    }

    // SAFETY: see Entry.
    private func entries(
        _ bytes: UnsafeRawBufferPointer, _ message: WireSchema.Message
    ) throws(OTLP.DecodingError) -> [Entry] {
        var entries: [Entry] = []
        var cursor = unsafe WireCursor(bytes: bytes)
        while !cursor.isAtEnd {
            let (number, content) = try cursor.nextField()
            if let last = entries.indices.last, entries[last].field.number == number {
                entries[last].contents.append(content)
            } else if let index = entries.firstIndex(where: { $0.field.number == number }) {
                entries[index].contents.append(content)
            } else if let field = message.byNumber[number] {
                entries.append(Entry(field: field, contents: [content]))
            }
        }
        return entries
    }

    private mutating func list(_ entry: Entry, _ depth: Int) throws(OTLP.DecodingError) {
        output.append(UInt8(ascii: "["))
        var isFirst = true
        for content in entry.contents {
            for element in try elements(content, entry.field.kind) {
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                try value(element, entry.field.kind, depth)
            }
        }
        output.append(UInt8(ascii: "]"))
    }

    /// The numbers of a packed field, or the one element that it is.
    private func elements(
        _ content: WireCursor.Content, _ kind: WireSchema.Kind
    ) throws(OTLP.DecodingError) -> [WireCursor.Content] {
        guard kind.isPackable, case .bytes(let packed) = content else { return [content] }
        var cursor = unsafe WireCursor(bytes: packed)
        var elements: [WireCursor.Content] = []
        while !cursor.isAtEnd {
            switch kind {
            case .fixed64, .double: elements.append(.fixed64(try cursor.fixed64()))
            case .fixed32, .float: elements.append(.fixed32(try cursor.fixed32()))
            default: elements.append(.varint(try cursor.varint()))
            }
        }
        return elements
    }

    private mutating func value(
        _ content: WireCursor.Content, _ kind: WireSchema.Kind, _ depth: Int
    ) throws(OTLP.DecodingError) {
        switch (kind, content) {
        case (.message(let type), .bytes(let bytes)): try unsafe message(bytes, type: type, depth: depth + 1)
        case (.text, .bytes(let bytes)):
            guard let string = unsafe String(validating: bytes, as: UTF8.self) else {
                throw .malformed("text is not UTF-8")
            }
            text(string)
        case (.hexadecimal, .bytes(let bytes)): text(unsafe Hexadecimal.text(bytes))
        case (.bytes, .bytes(let bytes)): text(unsafe Data(bytes).base64EncodedString())
        case (.bool, .varint(let number)): raw(number == 0 ? "false" : "true")
        case (.signed(let is64), .varint(let number)):
            let signed = Int64(bitPattern: number)
            integer(is64 ? signed : Int64(Int32(truncatingIfNeeded: signed)), is64: is64)
        case (.unsigned(let is64), .varint(let number)):
            integer(is64 ? number : UInt64(UInt32(truncatingIfNeeded: number)), is64: is64)
        case (.zigzag(let is64), .varint(let number)):
            integer(Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1), is64: is64)
        case (.fixed32(let isSigned), .fixed32(let number)):
            integer(isSigned ? Int64(Int32(bitPattern: number)) : Int64(number), is64: false)
        case (.fixed64(true), .fixed64(let number)): integer(Int64(bitPattern: number), is64: true)
        case (.fixed64(false), .fixed64(let number)): integer(number, is64: true)
        case (.double, .fixed64(let number)): double(Double(bitPattern: number))
        case (.float, .fixed32(let number)): double(Double(Float(bitPattern: number)))
        default: throw .malformed("a field has another type")
        }
    }

    private mutating func raw(_ text: String) { output += Array(text.utf8) }

    private mutating func integer(_ number: some BinaryInteger, is64: Bool) {
        raw(is64 ? "\"\(number)\"" : "\(number)")
    }

    private mutating func double(_ number: Double) {
        if number.isNaN {
            raw("\"NaN\"")
        } else if number.isInfinite {
            raw(number > 0 ? "\"Infinity\"" : "\"-Infinity\"")
        } else {
            raw("\(number)")
        }
    }

    /// A text in quotes (RFC 8259 §7).
    private mutating func text(_ text: String) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): raw("\\n")
            case 0..<0x20: raw("\\u00" + Hexadecimal.text([byte]))
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

/// Bytes as hexadecimal digits.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The bytes that digits of either case stand for; `nil` for anything else.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
