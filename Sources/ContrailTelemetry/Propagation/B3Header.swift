/// The B3 headers (openzipkin/b3-propagation). Names in lowercase, as HTTP/2 sends them; they are compared without case.
enum B3Header {
    static let single = "b3"
    static let traceID = "x-b3-traceid"
    static let spanID = "x-b3-spanid"
    static let sampled = "x-b3-sampled"
    static let flags = "x-b3-flags"

    /// What was found.
    struct Found: Equatable {
        var spanContext: Telemetry.SpanContext?
        var requested: Telemetry.RequestedSampling?

        init(ids: (Telemetry.TraceID, Telemetry.SpanID)?, _ state: State?) {
            requested = state.requested(hasIDs: ids != nil)
            guard let (traceID, spanID) = ids else { return }
            spanContext = .init(
                traceID: traceID, spanID: spanID, flags: state.isSampled ? .sampled : [], isRemote: true)
        }
    }

    enum State { case deny, accept, debug }

    private static let longest = 32 + 1 + 16 + 1 + 1 + 1 + 16

    /// `trace-span`, `trace-span-state`, `trace-span-state-parent`, or a state alone; `nil` if it is not valid.
    static func parse(_ header: String) -> Found? {
        let text = header.utf8.trimmingOptionalWhitespace()
        guard text.count <= longest else { return nil }
        let parts = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        if parts.count == 1 { return state(parts[0]).map { Found(ids: nil, $0) } }
        guard (2...4).contains(parts.count), let ids = ids(parts[0], parts[1]) else { return nil }
        guard parts.count > 2 else { return Found(ids: ids, nil) }
        guard let state = state(parts[2]), parts.count == 3 || span(parts[3]) != nil else { return nil }
        return Found(ids: ids, state)
    }

    /// The same from several headers; `nil` if they say nothing, or an id is not valid.
    static func parse(traceID: String?, spanID: String?, sampled: String?, flags: String?) -> Found? {
        let isDebug = flags.map { Array($0.utf8.trimmingOptionalWhitespace()) == [UInt8(ascii: "1")] } ?? false
        guard let state = state(sampled, isDebug: isDebug) else { return nil }
        guard traceID != nil || spanID != nil else { return state.value.map { Found(ids: nil, $0) } }
        guard let traceID, let spanID else { return nil }
        return ids(traceID.utf8.trimmingOptionalWhitespace(), spanID.utf8.trimmingOptionalWhitespace())
            .map { Found(ids: $0, state.value) }
    }

    /// A state, which may be absent, in a box that is absent if it is not valid.
    private static func state(_ sampled: String?, isDebug: Bool) -> (value: State?, Void)? {
        if isDebug { return (.debug, ()) }
        guard let sampled else { return (nil, ()) }
        let text = sampled.utf8.trimmingOptionalWhitespace()
        // Some old senders write the words.
        if text.elementsEqual("true".utf8) { return (.accept, ()) }
        if text.elementsEqual("false".utf8) { return (.deny, ()) }
        return state(text).map { ($0, ()) }
    }

    private static func state(_ text: some Collection<UInt8>) -> State? {
        guard text.count == 1 else { return nil }
        return switch text.first {
        case UInt8(ascii: "0"): .deny
        case UInt8(ascii: "1"): .accept
        case UInt8(ascii: "d"): .debug
        default: nil
        }
    }

    private static func ids(
        _ traceText: some Collection<UInt8>, _ spanText: some Collection<UInt8>
    ) -> (Telemetry.TraceID, Telemetry.SpanID)? {
        guard let trace = trace(traceText), let span = span(spanText) else { return nil }
        return (trace, span)
    }

    /// 32 digits, or 16, which are padded (W3C Trace Context Level 2, "Interoperating with existing systems").
    private static func trace(_ text: some Collection<UInt8>) -> Telemetry.TraceID? {
        var reader = HexReader(text)
        let high = text.count == 32 ? reader.read(16) : 0
        guard let high, let low = reader.read(16), reader.isAtEnd else { return nil }
        return Telemetry.TraceID(high: high, low: low)
    }

    private static func span(_ text: some Collection<UInt8>) -> Telemetry.SpanID? {
        var reader = HexReader(text)
        guard let value = reader.read(16), reader.isAtEnd else { return nil }
        return Telemetry.SpanID(value)
    }
}

extension B3Header.State? {
    fileprivate var isSampled: Bool { self == .accept || self == .debug }

    /// What the sampled flag of a span does not say already.
    fileprivate func requested(hasIDs: Bool) -> Telemetry.RequestedSampling? {
        switch self {
        case .debug: .debug
        case nil: .deferred
        case .accept: hasIDs ? nil : .accepted
        case .deny: hasIDs ? nil : .denied
        }
    }
}
