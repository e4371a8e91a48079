import ContrailBase
import ContrailCore
import ContrailTelemetry
import HTTPTypes
import Tracing

/// Turns calls into spans: INTERNAL for the call, CLIENT for each send.
struct TracingObserver: CallObserver {
    private let tracer: (any Tracer)?
    private let settings: SpanSettings

    init(tracer: (any Tracer)?, _ settings: SpanSettings) {
        self.tracer = tracer
        self.settings = settings
    }

    func callWillStart(_ call: CallStart) -> (any CallObservation)? {
        guard let source = SpanSource(explicit: tracer) else { return nil }
        return TracedCall(call, source: source, settings)
    }
}

/// The spans of one call.
private final class TracedCall: CallObservation {
    private let origin: Origin
    private let clock: CallClock
    private let source: SpanSource
    private let settings: SpanSettings
    /// The context the call was made in.
    private let ambient: ServiceContext
    private let span: SpanHandle?

    init(_ call: CallStart, source: SpanSource, _ settings: SpanSettings) {
        origin = call.url.origin
        clock = CallClock(call)
        self.source = source
        self.settings = settings
        ambient = ServiceContext.current ?? .topLevel
        guard settings.detail == .callsAndSends else {
            span = nil
            return
        }
        span = source.startSpan(
            "call " + settings.name(call.method, call.urlTemplate), in: ambient, kind: .internal,
            attributes: Self.attributes(call),
            atNanoseconds: clock.wall(call.start))
    }

    private static let startAttributes = 1

    private static func attributes(_ call: CallStart) -> [Telemetry.Attribute] {
        var attributes: [Telemetry.Attribute] = []
        attributes.reserveCapacity(startAttributes + CallEventAttributes.capacity)
        attributes.append(.init("contrail.call.origin", .string(call.url.originDescription)))
        return attributes
    }

    func sendWillStart(_ send: SendStart, headers: inout HTTPFields) -> (any SendObservation)? {
        let name = settings.name(send)
        let attributes = HTTPAttributes.atStart(send, headers, settings)
        let startAttributes = attributes.count
        let start = clock.wall(send.start)
        let handle =
            if let span {
                source.startSpan(
                    name, below: span, in: ambient, kind: .client, attributes: attributes, atNanoseconds: start)
            } else {
                source.startSpan(name, in: ambient, kind: .client, attributes: attributes, atNanoseconds: start)
            }
        source.inject(
            handle, in: ambient, crossesOrigin: send.url.origin != origin, into: &headers)
        return TracedSend(handle, startAttributes: startAttributes, clock, settings)
    }

    func record(_ event: CallEvent) {
        guard let span, span.isRecording else { return }
        let (name, attributes, instant) = CallEventAttributes.of(event)
        span.addEvent(name, attributes, atNanoseconds: clock.wall(instant))
    }

    func callDidEnd(_ end: CallEnd) {
        span?.end(
            atNanoseconds: clock.wall(end.end), error: CallEventAttributes.errorMessage(end.outcome),
            after: Self.startAttributes
        ) { CallEventAttributes.append(end, to: &$0) }
    }

    func withContext<Result>(_ operation: () async throws -> Result) async rethrows -> Result {
        guard let span else { return try await operation() }
        return try await ServiceContext.$current.withValue(span.context, operation: operation)
    }
}

/// The span of one send.
private final class TracedSend: SendObservation {
    private let span: SpanHandle
    private let startAttributes: Int
    private let clock: CallClock
    private let settings: SpanSettings

    init(_ span: SpanHandle, startAttributes: Int, _ clock: CallClock, _ settings: SpanSettings) {
        self.span = span
        self.startAttributes = startAttributes
        self.clock = clock
        self.settings = settings
    }

    func sendDidEnd(_ end: SendEnd) {
        span.end(atNanoseconds: clock.wall(end.end), error: Self.error(end.outcome), after: startAttributes) {
            HTTPAttributes.append(end, settings, to: &$0)
        }
    }

    private static func error(_ outcome: SendOutcome) -> String? {
        if case .failure(let error, _) = outcome { return error.message }
        // The status code explains itself: no description (semantic conventions, "Status").
        return HTTPAttributes.errorType(outcome) == nil ? nil : ""
    }
}

/// Puts a call's monotonic instants on the wall clock: its start plus the time since.
private struct CallClock {
    private let wallNanoseconds: Int64
    private let start: MonotonicInstant

    init(_ call: CallStart) { (wallNanoseconds, start) = (call.wallNanoseconds, call.start) }

    func wall(_ instant: MonotonicInstant) -> UInt64 {
        UInt64(clamping: wallNanoseconds &+ (instant.nanoseconds &- start.nanoseconds))
    }
}
