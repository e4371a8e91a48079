import CallChain
import Contrail
import ContrailTesting

extension ChainSpan {
    /// What a collector received, with the few attributes that the demo reads.
    init(_ collected: FakeCollector.ReceivedSpan) {
        let span = collected.span
        self.init(
            service: collected.serviceName ?? "?", traceID: "\(span.context.traceID)", spanID: "\(span.context.spanID)",
            parentID: span.parentSpanID.map { "\($0)" }, name: span.name, kind: Kind(span.kind),
            start: span.startNanoseconds, end: span.endNanoseconds)
        if case .error = span.status { failed = true }
        if case .string(let type) = collected["error.type"] { errorType = type }
        if case .int(let count) = collected["http.request.resend_count"] { resendCount = Int(count) }
        if case .int(let count) = collected["contrail.attempts"] { attempts = Int(count) }
    }
}

extension ChainSpan.Kind {
    fileprivate init(_ kind: Telemetry.SpanData.Kind) {
        switch kind {
        case .internal: self = .call
        case .client: self = .client
        case .server: self = .server
        case .producer, .consumer: self = .other
        }
    }
}
