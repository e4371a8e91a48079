public import Tracing

extension Telemetry {
    /// Carries span contexts and baggage as Jaeger's own clients did, for systems that still do (OTel Context,
    /// "Jaeger Propagator"; deprecated there).
    ///
    /// Baggage is one header per entry, whose names are not known beforehand: it is read from carriers whose extractor is a
    /// ``KeyListingExtractor``, at most 64 entries and 8192 bytes of it.
    public struct JaegerPropagator: Propagator {
        /// Makes a propagator. Free of cost.
        public init() {}

        /// `uber-trace-id`; the headers of baggage have names of their own.
        public var fields: [String] { [Self.field] }

        private static let field = "uber-trace-id"
        private static let baggagePrefix = "uberctx-"

        /// Reads the span, and the baggage where keys can be listed.
        public func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {
            if let (span, isDebug) = extractor.extract(key: Self.field, from: carrier).flatMap(JaegerHeader.parse) {
                context.spanContext = span
                context.requestedSampling = isDebug ? .debug : nil
            }
            guard let lister = extractor as? any KeyListingExtractor<Carrier> else { return }
            let baggage = baggage(of: carrier, lister)
            if !baggage.isEmpty { context.baggage = baggage }
        }

        /// Writes the context's span, and its baggage.
        public func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            if let span = context.spanContext {
                let header = JaegerHeader.format(span, isDebug: context.requestedSampling == .debug)
                injector.inject(header, forKey: Self.field, into: &carrier)
            }
            var limit = BaggageLimit()
            for entry in context.baggage?.entries ?? [] where JaegerHeader.isName(entry.name) {
                let value = PercentCoding.encode(entry.value, isPlain: JaegerHeader.isPlain)
                guard limit.admits(entry.name, value) else { continue }
                injector.inject(value, forKey: Self.baggagePrefix + entry.name, into: &carrier)
            }
        }

        private func baggage<Carrier>(
            of carrier: Carrier, _ lister: some KeyListingExtractor<Carrier>
        ) -> Baggage {
            var baggage = Baggage()
            var limit = BaggageLimit()
            for key in lister.keys(in: carrier) where key.lowercased().hasPrefix(Self.baggagePrefix) {
                guard let value = lister.extract(key: key, from: carrier) else { continue }
                let name = String(key.dropFirst(Self.baggagePrefix.count))
                guard limit.admits(name, value) else { continue }
                baggage.set(.init(name: name, value: PercentCoding.decode(value[...].utf8)))
            }
            return baggage
        }
    }
}

/// The limits of W3C Baggage, for a format that states none.
private struct BaggageLimit {
    private var members = 0
    private var bytes = 0

    mutating func admits(_ name: String, _ value: String) -> Bool {
        let size = name.utf8.count + value.utf8.count
        guard members < BaggageHeader.maxMembers, bytes + size <= BaggageHeader.maxBytes else { return false }
        members += 1
        bytes += size
        return true
    }
}

/// The `uber-trace-id` header: `trace:span:parent:flags`, in hexadecimal.
enum JaegerHeader {
    private static let colon = UInt8(ascii: ":")
    /// Colons may be percent-coded, three bytes each.
    private static let longest = 32 + 16 + 16 + 2 + 3 * 3

    static func parse(_ header: String) -> (Telemetry.SpanContext, isDebug: Bool)? {
        guard header.utf8.count <= longest + 16 else { return nil }
        let text = PercentCoding.decode(Substring(header.utf8.trimmingOptionalWhitespace()).utf8)
        let parts = text.utf8.split(separator: colon, omittingEmptySubsequences: false)
        guard parts.count == 4, let (high, low) = number(parts[0], digits: 32),
            let (_, span) = number(parts[1], digits: 16), number(parts[2], digits: 16) != nil,
            let (_, flags) = number(parts[3], digits: 2),
            let traceID = Telemetry.TraceID(high: high, low: low), let spanID = Telemetry.SpanID(span)
        else { return nil }
        let isDebug = flags & 2 != 0
        // Debug counts with the sampled flag only (Jaeger, "Trace/Span Identity").
        let isSampled = flags & 1 != 0
        let context = Telemetry.SpanContext(
            traceID: traceID, spanID: spanID, flags: isSampled ? .sampled : [], isRemote: true)
        return (context, isDebug && isSampled)
    }

    /// The parent's id is deprecated and always 0.
    static func format(_ span: Telemetry.SpanContext, isDebug: Bool) -> String {
        let flags = isDebug ? "3" : span.flags.contains(.sampled) ? "1" : "0"
        return "\(span.traceID):\(span.spanID):0:\(flags)"
    }

    /// A name that can be part of a header's name: a token (RFC 9110 §5.6.2).
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { isPlain($0) || namePunctuation.contains($0) }
    }

    /// The unreserved characters (RFC 3986 §2.3).
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static let namePunctuation = Array("!#$%&'*+^`|".utf8)

    /// 1 to `digits` digits, padded with zeros on the left.
    private static func number(_ text: Substring.UTF8View, digits: Int) -> (high: UInt64, low: UInt64)? {
        guard (1...digits).contains(text.count) else { return nil }
        var reader = HexReader(text)
        guard let high = reader.read(max(0, text.count - 16)), let low = reader.read(min(16, text.count)) else {
            return nil
        }
        return (high, low)
    }
}
