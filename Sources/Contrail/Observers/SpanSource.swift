import ContrailBase
import ContrailTelemetry
import HTTPTypes
import Tracing

/// Who makes the spans of a call, and who carries their context: settled once, when the call begins.
struct SpanSource: Sendable {
    private enum Maker: Sendable {
        case native(Telemetry.Tracer)
        // Indirect, as what is boxed below: a source is copied for every call, and existentials are dear to copy.
        indirect case foreign(any Tracer)
    }

    private let maker: Maker
    /// Instruments beside the tracer, which want to be carried too; `nil` if there are none.
    private let instruments: Shared<any Instrument>?

    /// The explicit tracer, else the innermost `withTracer`'s, else the bootstrapped one; `nil` if nobody traces.
    init?(explicit: (any Tracer)?) {
        if let explicit {
            maker = Self.maker(explicit)
            instruments = nil
            return
        }
        let instrument = InstrumentationSystem.instrument
        if type(of: instrument) == NoOpInstrument.self {
            return nil  // first, since it is what an untraced call costs
        } else if let native = instrument as? Telemetry.Tracer {
            maker = .native(native)
            instruments = nil
        } else {
            let tracer = InstrumentationSystem.tracer
            maker = Self.maker(tracer)
            instruments = instrument is MultiplexInstrument || tracer is NoOpTracer ? Shared(instrument) : nil
        }
    }

    private static func maker(_ tracer: any Tracer) -> Maker {
        (tracer as? Telemetry.Tracer).map { .native($0) } ?? .foreign(tracer)
    }

    func startSpan(
        _ name: String, in context: ServiceContext, kind: Telemetry.SpanData.Kind,
        attributes: consuming [Telemetry.Attribute], atNanoseconds nanoseconds: UInt64
    ) -> SpanHandle {
        switch maker {
        case .native(let tracer):
            return .native(
                tracer.startSpan(
                    name, parent: context.spanContext, values: context, kind: kind, uniqueAttributes: attributes,
                    atNanoseconds: nanoseconds))
        case .foreign(let tracer):
            let span = tracer.startSpan(
                name, context: context, ofKind: kind == .client ? .client : .internal,
                at: WallInstant(nanosecondsSinceEpoch: nanoseconds))
            let handle = SpanHandle.foreign(span, tracer)
            handle.setAttributes(attributes)
            return handle
        }
    }

    /// As above, below a span of ours: saves looking it up in a context. `ambient` is what else travels.
    func startSpan(
        _ name: String, below parent: SpanHandle, in ambient: ServiceContext, kind: Telemetry.SpanData.Kind,
        attributes: consuming [Telemetry.Attribute], atNanoseconds nanoseconds: UInt64
    ) -> SpanHandle {
        guard case .native(let tracer) = maker, case .native(let span) = parent, instruments == nil else {
            return startSpan(name, in: parent.context, kind: kind, attributes: attributes, atNanoseconds: nanoseconds)
        }
        return .native(
            tracer.startSpan(
                name, parent: span.spanContext, values: ambient, kind: kind, uniqueAttributes: attributes,
                atNanoseconds: nanoseconds))
    }

    /// Writes the span's context and the baggage of `ambient` into `headers`, replacing what stands there: a second
    /// `traceparent` would break the trace (W3C Trace Context Level 2 §3.2), and one kept from an earlier send would be a
    /// lie. Baggage does not follow a redirect to another origin.
    func inject(
        _ span: SpanHandle, in ambient: ServiceContext, crossesOrigin: Bool, into headers: inout HTTPFields
    ) {
        if let instruments {
            HeaderInjector.removeTraceContext(from: &headers)
            instruments.value.inject(carried(by: span, crossesOrigin), into: &headers, using: HeaderInjector())
            return
        }
        switch (maker, span) {
        case (.native(let tracer), .native(let span)) where tracer.usesStandardPropagator:
            // Most contexts are empty: no look-up then.
            let baggage = crossesOrigin || ambient.isEmpty ? nil : ambient.baggageHeader
            HeaderInjector.inject(span.spanContext, baggage: baggage, into: &headers)
        case (.native(let tracer), _):
            let context = carried(by: span, crossesOrigin)
            HeaderInjector.remove(tracer.propagator.fields, keepingBaggage: context.baggage == nil, from: &headers)
            tracer.inject(context, into: &headers, using: HeaderInjector())
        case (.foreign(let tracer), _):
            HeaderInjector.removeTraceContext(from: &headers)
            tracer.inject(span.context, into: &headers, using: HeaderInjector())
        }
    }

    private func carried(by span: SpanHandle, _ crossesOrigin: Bool) -> ServiceContext {
        var context = span.context
        if crossesOrigin, context.baggage != nil { context.baggage = nil }
        return context
    }
}
