import ContrailTelemetry
import ContrailTesting

/// Spans with everything in them that is easily lost: empty and cut texts, zeros, extreme numbers, deep values.
struct RandomSpans {
    let random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    func spans(count: Int) -> [Telemetry.SpanData] {
        let scopes = (0..<3).map { _ in scope() }
        return (0..<count).compactMap { _ in span(scope: scopes[random.below(scopes.count)]) }
    }

    func resource() -> Telemetry.Resource {
        Telemetry.Resource(attributes: attributes(), schemaURL: text())
    }

    private func scope() -> Telemetry.Scope {
        Telemetry.Scope(name: text(), version: text(), schemaURL: text(), attributes: attributes())
    }

    private func span(scope: Telemetry.Scope) -> Telemetry.SpanData? {
        guard let context = context() else { return nil }
        var span = Telemetry.SpanData(
            context: context, name: text(), startNanoseconds: number(), endNanoseconds: number(), scope: scope)
        // The wire does not tell of the span's own context whether it is remote.
        span.context.isRemote = false
        span.parentSpanID = random.oneIn(3) ? nil : Telemetry.SpanID(random.next())
        span.parentIsRemote = random.oneIn(2)
        span.kind = [.internal, .server, .client, .producer, .consumer][random.below(5)]
        span.attributes = attributes()
        span.droppedAttributes = count()
        span.events = (0..<random.below(3)).map { _ in
            var event = Telemetry.SpanData.Event(name: text(), nanoseconds: number(), attributes: attributes())
            event.droppedAttributes = count()
            return event
        }
        span.droppedEvents = count()
        span.links = (0..<random.below(3)).compactMap { _ in
            guard let context = self.context() else { return nil }
            var link = Telemetry.SpanData.Link(context: context, attributes: attributes())
            link.droppedAttributes = count()
            return link
        }
        span.droppedLinks = count()
        span.status = [.unset, .ok, .error(text())][random.below(3)]
        return span
    }

    private func context() -> Telemetry.SpanContext? {
        let high = random.oneIn(10) ? 0 : random.next()
        guard let trace = Telemetry.TraceID(high: high, low: random.next() | 1),
            let span = Telemetry.SpanID(random.oneIn(10) ? 1 : random.next() | 1)
        else { return nil }
        return Telemetry.SpanContext(
            traceID: trace, spanID: span, flags: Telemetry.TraceFlags(rawValue: UInt8(random.below(4))),
            traceState: random.oneIn(2) ? "" : "vendor=\(random.next())", isRemote: random.oneIn(2))
    }

    private func attributes() -> [Telemetry.Attribute] {
        (0..<random.below(8)).map { Telemetry.Attribute("key.\($0).\(text())", value(depth: 0)) }
    }

    private func value(depth: Int) -> Telemetry.AttributeValue {
        switch random.below(depth < 4 ? 7 : 5) {
        case 0: return .string(text())
        case 1: return .bool(random.oneIn(2))
        case 2: return .int([0, 1, -1, .min, .max, Int64(truncatingIfNeeded: random.next())][random.below(6)])
        case 3: return .double([0, -0.0, 1.5, .infinity, .nan, .leastNonzeroMagnitude, -1e300][random.below(7)])
        case 4: return .bytes((0..<random.below(20)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case 5: return .array((0..<random.below(4)).map { _ in value(depth: depth + 1) })
        default:
            return .map((0..<random.below(4)).map { Telemetry.Attribute("\($0)\(text())", value(depth: depth + 1)) })
        }
    }

    private func text() -> String {
        let texts = ["", "\0", "a\0b", "GET", "naïve", "日本語", "🛫\u{301}", "\u{FFFD}", "line\nbreak", "\u{10FFFF}"]
        if random.oneIn(4) { return String(repeating: "x", count: random.below(300)) }
        return texts[random.below(texts.count)]
    }

    private func number() -> UInt64 { random.oneIn(5) ? 0 : random.next() }
    private func count() -> UInt32 { random.oneIn(2) ? 0 : UInt32(truncatingIfNeeded: random.next()) }
}

extension SeededRandom {
    /// A number in `0 ..< bound`.
    func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True in one of `n` cases.
    func oneIn(_ n: Int) -> Bool { below(n) == 0 }
}
