public import Tracing

extension Telemetry.Span: Tracing.Span {
    /// Says how it went. `ok` is final. The message is kept for errors only (OTel Trace API, "Set Status").
    public func setStatus(_ status: SpanStatus) {
        switch status.code {
        case .ok: setStatus(Telemetry.SpanData.Status.ok)
        case .error: setStatus(Telemetry.SpanData.Status.error(status.message ?? ""))
        }
    }

    /// Adds an event.
    public func addEvent(_ event: SpanEvent) {
        guard isRecordable else { return }
        let attributes = [Telemetry.Attribute](event.attributes)
        addEvent(
            Telemetry.SpanData.Event(
                name: event.name, nanoseconds: event.nanosecondsSinceEpoch, attributes: attributes))
    }

    /// Adds a link to the span in the link's context. Ignored if there is none.
    public func addLink(_ link: SpanLink) {
        guard isRecordable, let other = link.context.spanContext else { return }
        addLink(Telemetry.SpanData.Link(context: other, attributes: [Telemetry.Attribute](link.attributes)))
    }

    /// Adds the event `exception` (OTel Trace API, "Record Exception"). `attributes` win over what the error says.
    /// Does not change the status.
    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard isRecordable else { return }
        let described = [
            Telemetry.Attribute("exception.type", .string(String(reflecting: type(of: error)))),
            Telemetry.Attribute("exception.message", .string(String(describing: error))),
        ]
        addEvent(
            Telemetry.SpanData.Event(
                name: "exception", nanoseconds: instant().nanosecondsSinceEpoch,
                // A list keeps the last value of a key.
                attributes: described + [Telemetry.Attribute](attributes)))
    }

    /// Ends the span at `instant`; not before its start. Does no I/O. Ending twice does nothing.
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard isRecordable else { return }
        end(atNanoseconds: instant().nanosecondsSinceEpoch)
    }
}
