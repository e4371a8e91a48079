import CallChain
import Contrail
import ContrailTesting

extension ChainSpan {
    /// What a collector received, with the few attributes that the demo reads.
    init(_ collected: FakeCollector.ReceivedSpan) {
        let span = collected.span
        self.init(
            service: collected.resource.attributes.string("service.name") ?? "?",
            traceID: "\(span.context.traceID)", spanID: "\(span.context.spanID)",
            parentID: span.parentSpanID.map { "\($0)" }, name: span.name, kind: Kind(span.kind),
            start: span.startNanoseconds, end: span.endNanoseconds)
        if case .error = span.status { failed = true }
        httpStatus = span.attributes.int("http.response.status_code")
        errorType = span.attributes.string("error.type")
        resendCount = span.attributes.int("http.request.resend_count") ?? 0
        attempts = span.attributes.int("contrail.attempts")
        permitWait = span.attributes.double("contrail.wait.permit") ?? 0
        backOff = span.attributes.double("contrail.wait.backoff") ?? 0
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

extension [Telemetry.Attribute] {
    private subscript(key: String) -> Telemetry.AttributeValue? { first { $0.key == key }?.value }

    fileprivate func string(_ key: String) -> String? {
        if case .string(let value) = self[key] { value } else { nil }
    }

    fileprivate func int(_ key: String) -> Int? {
        if case .int(let value) = self[key] { Int(value) } else { nil }
    }

    fileprivate func double(_ key: String) -> Double? {
        switch self[key] {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }
}
