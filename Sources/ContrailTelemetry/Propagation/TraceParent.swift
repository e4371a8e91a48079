/// The `traceparent` header (W3C Trace Context Level 2 §3.2).
enum TraceParent {
    /// Version, trace id, span id and flags, with the dashes between them.
    static let length = 2 + 1 + 32 + 1 + 16 + 1 + 2
    /// The flags that this level of the specification knows; all others are sent as zero (§3.2.2.5.3).
    static let knownFlags: Telemetry.TraceFlags = [.sampled, .random]

    /// The span that `header` names, without trace state; `nil` if the header is not valid and has to be ignored.
    static func parse(_ header: String) -> Telemetry.SpanContext? {
        let dash = UInt8(ascii: "-")
        var reader = HexReader(header.utf8.trimmingOptionalWhitespace())
        guard let version = reader.read(2), version != 0xFF, reader.skip(dash),
            let high = reader.read(16), let low = reader.read(16), reader.skip(dash),
            let span = reader.read(16), reader.skip(dash),
            let flags = reader.read(2),
            let traceID = Telemetry.TraceID(high: high, low: low), let spanID = Telemetry.SpanID(span)
        else { return nil }
        // A later version may carry more fields behind another dash (§3.2.4); version 00 ends here.
        guard reader.isAtEnd || (version != 0 && reader.skip(dash)) else { return nil }
        let received = Telemetry.TraceFlags(rawValue: UInt8(truncatingIfNeeded: flags))
        return Telemetry.SpanContext(
            traceID: traceID, spanID: spanID, flags: received.intersection(knownFlags), isRemote: true)
    }

    /// The header for `context`, always version 00. One allocation: it is made for every request that is sent.
    static func format(_ context: Telemetry.SpanContext) -> String {
        // SAFETY: the buffer has at least `length` bytes, and the slices below cover each of the first `length` bytes
        // once; ASCII only. Unsafe here, outside the C rooms, because every safe way costs a second allocation or
        // three times the time, once per request.
        unsafe String(unsafeUninitializedCapacity: length) { buffer in
            let dash = UInt8(ascii: "-")
            unsafe Hex.write(0, digits: 2, to: buffer[0..<2])
            unsafe buffer[2] = dash
            unsafe Hex.write(context.traceID.high, digits: 16, to: buffer[3..<19])
            unsafe Hex.write(context.traceID.low, digits: 16, to: buffer[19..<35])
            unsafe buffer[35] = dash
            unsafe Hex.write(context.spanID.value, digits: 16, to: buffer[36..<52])
            unsafe buffer[52] = dash
            let flags = context.flags.intersection(knownFlags)
            unsafe Hex.write(UInt64(flags.rawValue), digits: 2, to: buffer[53..<55])
            return length
        }
    }
}

extension Telemetry.SpanContext {
    /// The value of the `traceparent` header that makes a receiver's span a child of this one. 55 bytes, allocates once.
    public var traceparent: String { TraceParent.format(self) }
}

extension BidirectionalCollection<UInt8> {
    /// Without the spaces and tabs at both ends (RFC 9110 §5.6.3, OWS).
    func trimmingOptionalWhitespace() -> SubSequence {
        func isWhitespace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard let first = firstIndex(where: { !isWhitespace($0) }),
            let last = lastIndex(where: { !isWhitespace($0) })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
