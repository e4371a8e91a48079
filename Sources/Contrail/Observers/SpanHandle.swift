import ContrailTelemetry
import HTTPTypes
import Tracing

/// A span of our tracer or of any other. Ours takes attributes as they are; others get them translated.
enum SpanHandle: Sendable {
    case native(Telemetry.Span)
    case foreign(any Tracing.Span, any Tracer)

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
        case .foreign(let span, _):
            span.updateAttributes { $0.merge(SpanAttributes(attributes)) }
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

    func setError(_ message: String) {
        switch self {
        case .native(let span): span.setStatus(.error(message))
        case .foreign(let span, _):
            span.setStatus(SpanStatus(code: .error, message: message.isEmpty ? nil : message))
        }
    }

    func end(atNanoseconds nanoseconds: UInt64) {
        switch self {
        case .native(let span): span.end(atNanoseconds: nanoseconds)
        case .foreign(let span, _): span.end(at: WallInstant(nanosecondsSinceEpoch: nanoseconds))
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
