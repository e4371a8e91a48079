package import ContrailBase
package import ContrailTelemetry

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension OTLP {
    /// The body of a trace export as JSON (OTLP, "JSON Protobuf Encoding"). More than `maxBytes` is an error.
    package static func encodeJSON(
        _ spans: [Telemetry.SpanData], resource: Telemetry.Resource, maxBytes: Int = 64 << 20
    ) throws(TooLargeError) -> ByteChunk {
        let protobuf = try encode(spans, resource: resource, maxBytes: maxBytes)
        // What the encoder writes is well-formed, and never as deep as the limit.
        guard let json = try? json(fromProtobuf: protobuf, .request(.traces)) else { return .empty }
        guard json.count <= maxBytes else { throw TooLargeError(bytes: json.count, limitBytes: maxBytes) }
        return json
    }

    /// A request in JSON as protobuf.
    package static func protobuf(
        fromJSON bytes: ByteChunk, _ signal: Signal, limits: DecodingLimits = DecodingLimits()
    ) throws(DecodingError) -> ByteChunk {
        try protobuf(fromJSON: bytes, .request(signal), limits: limits).bytes
    }

    /// A request in protobuf as JSON: for files and for people.
    package static func json(
        fromProtobuf bytes: ByteChunk, _ signal: Signal, limits: DecodingLimits = DecodingLimits()
    ) throws(DecodingError) -> ByteChunk {
        try json(fromProtobuf: bytes, .request(signal), limits: limits)
    }

    // SAFETY: the bytes outlive the writer, which copies what it writes.
    static func json(
        fromProtobuf bytes: ByteChunk, _ schema: WireSchema, limits: DecodingLimits = DecodingLimits()
    ) throws(DecodingError) -> ByteChunk {
        guard bytes.count <= limits.maxBytes else { throw .tooLarge(limitBytes: limits.maxBytes) }
        var writer = JSONWriter(schema, maxDepth: limits.maxDepth)
        // rethrows does not carry a typed error through withUnsafeBytes.
        let outcome: Result<Void, DecodingError> = unsafe bytes.withUnsafeBytes { raw in
            Result { () throws(DecodingError) in try unsafe writer.message(raw) }
        }
        try outcome.get()
        return ByteChunk(writer.output)
    }

    static func protobuf(
        fromJSON bytes: ByteChunk, _ schema: WireSchema, limits: DecodingLimits = DecodingLimits()
    ) throws(DecodingError) -> (bytes: ByteChunk, unknown: [String]) {
        guard bytes.count <= limits.maxBytes else { throw .tooLarge(limitBytes: limits.maxBytes) }
        try JSONNesting.check(bytes, limits: limits)
        let reader = JSONDocument.Reader(schema: schema, maxDepth: limits.maxDepth)
        let decoder = JSONDecoder()
        if let key = JSONDocument.key { decoder.userInfo[key] = reader }
        do {
            let document = try decoder.decode(JSONDocument.self, from: Data(bytes))
            return (ByteChunk(document.protobuf), document.unknown)
        } catch let error as DecodingError {
            throw error
        } catch {
            throw .malformed(JSONDocument.describe(error))
        }
    }
}

/// The whole of a JSON text, read along a schema.
private struct JSONDocument: Decodable {
    struct Reader: Sendable {
        let schema: WireSchema
        let maxDepth: Int
    }

    let protobuf: [UInt8]
    let unknown: [String]

    /// Every name makes a key; the type only does not say so.
    static let key = CodingUserInfoKey(rawValue: "contrail.schema")

    init(from decoder: any Decoder) throws {
        guard let key = Self.key, let settings = decoder.userInfo[key] as? Reader else {
            throw OTLP.DecodingError.malformed("no schema")
        }
        var reader = JSONReader(settings.schema, maxDepth: settings.maxDepth)
        protobuf = try reader.message(decoder)
        unknown = reader.unknown
    }

    /// Where and what, without the text itself.
    static func describe(_ error: any Error) -> String {
        switch error as? Swift.DecodingError {
        case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?, .keyNotFound(_, let context)?:
            "\(context.codingPath.map(\.stringValue).joined(separator: ".").suffix(100)) has another type"
        default: "the text is not JSON"
        }
    }
}

/// How deep brackets stand inside one another, found before anything is parsed: parsers recurse.
enum JSONNesting {
    static func check(_ bytes: ByteChunk, limits: OTLP.DecodingLimits) throws(OTLP.DecodingError) {
        // A message is an object, and mostly stands in a list.
        guard unsafe bytes.withUnsafeBytes({ unsafe depth($0) }) <= 2 * limits.maxDepth else {
            throw .tooDeep(limit: limits.maxDepth)
        }
    }

    // SAFETY: reads the bytes it is lent, during the call.
    private static func depth(_ bytes: UnsafeRawBufferPointer) -> Int {
        var depth = 0
        var deepest = 0
        var isInText = false
        var isEscaped = false
        for index in 0..<bytes.count {
            let byte = unsafe bytes[index]
            if isEscaped {
                isEscaped = false
            } else if isInText {
                isEscaped = byte == UInt8(ascii: "\\")
                isInText = byte != UInt8(ascii: "\"")
            } else if byte == UInt8(ascii: "\"") {
                isInText = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
                deepest = max(deepest, depth)
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
        }
        return deepest
    }
}
