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
    private let call: CallStart
    private let source: SpanSource
    private let settings: SpanSettings
    /// The context the call was made in.
    private let ambient: ServiceContext
    private let span: SpanHandle?

    init(_ call: CallStart, source: SpanSource, _ settings: SpanSettings) {
        self.call = call
        self.source = source
        self.settings = settings
        ambient = ServiceContext.current ?? .topLevel
        guard settings.detail == .callsAndSends else {
            span = nil
            return
        }
        span = source.startSpan(
            "call " + settings.name(call.method, call.urlTemplate), in: ambient, kind: .internal,
            attributes: [.init("contrail.call.origin", .string(call.url.originDescription))],
            atNanoseconds: call.wall(call.start))
    }

    func sendWillStart(_ send: SendStart, headers: inout HTTPFields) -> (any SendObservation)? {
        let name = settings.name(send)
        let attributes = HTTPAttributes.atStart(send, headers, settings)
        let start = call.wall(send.start)
        let handle =
            if let span {
                source.startSpan(
                    name, below: span, in: ambient, kind: .client, attributes: attributes, atNanoseconds: start)
            } else {
                source.startSpan(name, in: ambient, kind: .client, attributes: attributes, atNanoseconds: start)
            }
        source.inject(
            handle, in: ambient, crossesOrigin: send.url.origin != call.url.origin, into: &headers)
        return TracedSend(handle, call: call, settings)
    }

    func record(_ event: CallEvent) {
        guard let span, span.isRecording else { return }
        let (name, attributes, instant) = CallEventAttributes.of(event)
        span.addEvent(name, attributes, atNanoseconds: call.wall(instant))
    }

    func callDidEnd(_ end: CallEnd) {
        guard let span else { return }
        if span.isRecording {
            span.setAttributes(CallEventAttributes.atEnd(end))
            if let message = CallEventAttributes.errorMessage(end.outcome) { span.setError(message) }
        }
        span.end(atNanoseconds: call.wall(end.end))
    }

    func withContext<Result>(_ operation: () async throws -> Result) async rethrows -> Result {
        guard let span else { return try await operation() }
        return try await ServiceContext.$current.withValue(span.context, operation: operation)
    }
}

/// The span of one send.
private final class TracedSend: SendObservation {
    private let span: SpanHandle
    private let call: CallStart

    private let settings: SpanSettings

    init(_ span: SpanHandle, call: CallStart, _ settings: SpanSettings) {
        self.span = span
        self.call = call
        self.settings = settings
    }

    func sendDidEnd(_ end: SendEnd) {
        if span.isRecording {
            span.setAttributes(HTTPAttributes.atEnd(end, settings))
            switch end.outcome {
            case .failure(let error, _): span.setError(error.message)
            // The status code explains itself: no description (semantic conventions, "Status").
            case .response, .cancelled: if HTTPAttributes.errorType(end.outcome) != nil { span.setError("") }
            }
        }
        span.end(atNanoseconds: call.wall(end.end))
    }
}

extension CallStart {
    /// A monotonic instant of this call on the wall clock: the call's start plus the time since.
    fileprivate func wall(_ instant: MonotonicInstant) -> UInt64 {
        UInt64(clamping: wallNanoseconds &+ (instant.nanoseconds &- start.nanoseconds))
    }
}
