package import ContrailBase

extension OTLP {
    /// Fields that the schema does not know, as `Message.number`, each once; at most 16. Bytes that are no such message
    /// have none.
    ///
    // SAFETY: the bytes are lent during the walk, which copies nothing but numbers.
    package static func unknownFields(_ bytes: ByteChunk, _ signal: Signal) -> [String] {
        var walk = UnknownFieldWalk(schema: .request(signal))
        unsafe bytes.withUnsafeBytes { unsafe walk.visit($0, type: 0, depth: 1) }
        return walk.found
    }
}

private struct UnknownFieldWalk {
    let schema: WireSchema
    private(set) var found: [String] = []

    init(schema: WireSchema) { self.schema = schema }

    // SAFETY: as above.
    mutating func visit(_ bytes: UnsafeRawBufferPointer, type: Int, depth: Int) {
        guard depth <= OTLP.DecodingLimits().maxDepth else { return }
        let message = schema.messages[type]
        var cursor = unsafe WireCursor(bytes: bytes)
        while !cursor.isAtEnd, let (number, content) = try? cursor.nextField() {
            guard let field = message.byNumber[number] else {
                let name = "\(message.name).\(number)"
                if found.count < 16, !found.contains(name) { found.append(name) }
                continue
            }
            if case .message(let inner) = field.kind, case .bytes(let inside) = content {
                unsafe visit(inside, type: inner, depth: depth + 1)
            }
        }
    }
}
