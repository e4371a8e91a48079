extension Telemetry.AttributeValue {
    /// Arrays and maps nested deeper than this become empty (OTel Common, "Attribute Limits").
    static let maxDepth = 64

    /// The value cut to `length` code points or bytes per string, at every depth. Cheap for everything but
    /// arrays and maps, and strings under a length limit.
    func limited(toLength length: Int?) -> Self {
        switch self {
        case .bool, .int, .double: self
        case .string, .bytes: length.map { cut(to: max(0, $0)) } ?? self
        case .array, .map: nested(length: length.map { max(0, $0) }, depth: 1)
        }
    }

    private func cut(to length: Int) -> Self {
        switch self {
        // A string never has more code points than bytes; counting bytes is free. Code points, not Swift's characters:
        // one of those may hold any number of accents, and would be no limit.
        case .string(let text) where text.utf8.count > length: .string(String(text.unicodeScalars.prefix(length)))
        case .bytes(let bytes) where bytes.count > length: .bytes(Array(bytes.prefix(length)))
        default: self
        }
    }

    private func nested(length: Int?, depth: Int) -> Self {
        switch self {
        case .array(let values):
            guard depth <= Self.maxDepth else { return .array([]) }
            return .array(values.map { $0.nested(length: length, depth: depth + 1) })
        case .map(let entries):
            guard depth <= Self.maxDepth else { return .map([]) }
            return .map(entries.map { .init($0.key, $0.value.nested(length: length, depth: depth + 1)) })
        case .bool, .int, .double, .string, .bytes:
            return length.map { cut(to: $0) } ?? self
        }
    }
}
