public import Tracing

extension Telemetry.Tracer: Tracing.Tracer {
    /// Starts a span for swift-distributed-tracing. Where the call stands is not recorded.
    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> Telemetry.Span {
        startSpan(
            operationName, in: context(), kind: Telemetry.SpanData.Kind(kind),
            atNanoseconds: instant().nanosecondsSinceEpoch)
    }

    /// The span of `context`, as long as it is of this process and recording.
    public func activeSpan(identifiedBy context: ServiceContext) -> Telemetry.Span? { context.recordingSpan }

    /// Starts an export of everything that has ended, and returns at once. To wait for it there is
    /// ``Telemetry/TracerProvider/forceFlush(timeout:)``.
    public func forceFlush() {
        let provider = provider
        Task.detached { _ = await provider.forceFlush() }
    }

    /// Reads the caller's span and baggage from `carrier` as the provider's propagator does.
    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        propagator.extract(carrier, into: &context, using: extractor)
    }

    /// Writes the context's span and baggage into `carrier` as the provider's propagator does.
    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        propagator.inject(context, into: &carrier, using: injector)
    }
}

extension Telemetry.SpanData.Kind {
    init(_ kind: SpanKind) {
        switch kind {
        case .server: self = .server
        case .client: self = .client
        case .producer: self = .producer
        case .consumer: self = .consumer
        case .internal: self = .internal
        }
    }
}
