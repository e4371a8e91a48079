import ContrailTelemetry
import HTTPTypes
import Tracing

/// A span of our tracer or of any other. Ours takes attributes as they are; others get them translated.
enum SpanHandle: Sendable {
    case native(Telemetry.Span)
    // Indirect: then a handle is one reference, whosever it is.
    indirect case foreign(any Tracing.Span, any Tracer)

    var isRecording: Bool {
        switch self {
        case .native(let span): span.isRecording
        case .foreign(let span, _): span.isRecording
        }
    }

    var context: ServiceContext {
        switch self {
        case .native(let span): span.context
        case .foreign(let span, _): span.context
        }
    }

    func setAttributes(_ attributes: [Telemetry.Attribute]) {
        switch self {
        case .native(let span): span.setAttributes(attributes)
        case .foreign(let span, _): span.updateAttributes { $0.merge(SpanAttributes(attributes)) }
        }
    }

    func addEvent(_ name: String, _ attributes: [Telemetry.Attribute], atNanoseconds nanoseconds: UInt64) {
        switch self {
        case .native(let span):
            span.addEvent(.init(name: name, nanoseconds: nanoseconds, attributes: attributes))
        case .foreign(let span, _):
            span.addEvent(
                SpanEvent(
                    name: name, at: WallInstant(nanosecondsSinceEpoch: nanoseconds),
                    attributes: SpanAttributes(attributes)))
        }
    }

    /// Ends the span with its last attributes, whose keys are unique, also beside the `known` ones of the start.
    /// - Parameter error: what went wrong, or an empty text; `nil` if nothing did.
    func end(
        atNanoseconds nanoseconds: UInt64, error: String?, after known: Int,
        _ fill: (inout [Telemetry.Attribute]) -> Void
    ) {
        switch self {
        case .native(let span):
            span.end(
                atNanoseconds: nanoseconds, status: error.map { .error($0) } ?? .unset, after: known, fill)
        case .foreign(let span, _):
            if span.isRecording {
                var attributes: [Telemetry.Attribute] = []
                fill(&attributes)
                setAttributes(attributes)
                if let error {
                    span.setStatus(SpanStatus(code: .error, message: error.isEmpty ? nil : error))
                }
            }
            span.end(at: WallInstant(nanosecondsSinceEpoch: nanoseconds))
        }
    }
}

/// A moment on the wall clock, as swift-distributed-tracing wants it.
struct WallInstant: TracerInstant {
    let nanosecondsSinceEpoch: UInt64

    static func < (a: Self, b: Self) -> Bool { a.nanosecondsSinceEpoch < b.nanosecondsSinceEpoch }
}

extension SpanAttributes {
    init(_ attributes: [Telemetry.Attribute]) {
        self.init([:])
        for attribute in attributes { self[attribute.key] = SpanAttribute(attribute.value) }
    }
}

extension SpanAttribute {
    /// Maps and mixed arrays have no counterpart; we make none.
    init(_ value: Telemetry.AttributeValue) {
        switch value {
        case .string(let string): self = .string(string)
        case .bool(let bool): self = .bool(bool)
        case .int(let int): self = .int64(int)
        case .double(let double): self = .double(double)
        case .array(let values):
            self = .stringArray(
                values.map { value in
                    if case .string(let string) = value { string } else { "\(value)" }
                })
        case .bytes, .map: self = .string("\(value)")
        }
    }
}
