import ContrailBase
import ContrailCore
import ContrailTelemetry

/// How the INTERNAL span of a call shows what was decided (docs/telemetry.md).
enum CallEventAttributes {
    static func of(_ event: CallEvent) -> (name: String, attributes: [Telemetry.Attribute], at: MonotonicInstant) {
        switch event {
        case .permitGranted(let waited, let instant):
            ("contrail.permit.granted", [.init("contrail.wait", .double(waited.inSeconds))], instant)
        case .rateLimitPassed(let waited, let instant):
            ("contrail.rate_limit.passed", [.init("contrail.wait", .double(waited.inSeconds))], instant)
        case .sendRejected(let reason, let instant):
            ("contrail.send.rejected", [.init("contrail.rejection", .string(reason.rawValue))], instant)
        case .circuitChanged(let state, let instant):
            ("contrail.circuit.changed", [.init("contrail.circuit.state", .string(state.rawValue))], instant)
        case .hedgeIssued(let delay, let instant):
            ("contrail.hedge.issued", [.init("contrail.hedge.delay", .double(delay.inSeconds))], instant)
        case .hedgeDecided(let hedgeWon, let instant):
            (hedgeWon ? "contrail.hedge.won" : "contrail.hedge.lost", [], instant)
        case .retryScheduled(let delay, let reason, let outcome, let source, let instant):
            (
                "contrail.retry.scheduled",
                [
                    .init("contrail.retry.delay", .double(delay.inSeconds)),
                    .init("contrail.retry.reason", .string(reason)),
                    .init("contrail.retry.class", .string(outcome.rawValue)),
                    .init("contrail.retry.source", .string(source.rawValue)),
                ], instant
            )
        case .retryRefused(let refusal, let instant):
            ("contrail.retry.refused", [.init("contrail.retry.refusal", .string(refusal.rawValue))], instant)
        case .redirectFollowed(let redirect, let instant):
            ("contrail.redirect.followed", of(redirect), instant)
        case .redirectRefused(let refusal, let instant):
            ("contrail.redirect.refused", [.init("contrail.redirect.refusal", .string(refusal.rawValue))], instant)
        }
    }

    private static func of(_ redirect: HTTPCall.Redirect) -> [Telemetry.Attribute] {
        [
            .init("contrail.redirect.status_code", .int(Int64(redirect.statusCode))),
            // Its description: without the secrets that a query may hold.
            .init("contrail.redirect.url", .string(redirect.target.description)),
            .init("contrail.redirect.method", .string(redirect.method.rawValue)),
        ]
    }

    /// Room for all of them, so that the list never grows.
    static let capacity = 8

    static func append(_ end: CallEnd, to attributes: inout [Telemetry.Attribute]) {
        attributes.append(.init("contrail.attempts", .int(Int64(end.sendCount))))
        attributes.append(.init("contrail.outcome", .string(outcome(end.outcome))))
        attributes.append(.init("contrail.wait.permit", .double(end.permitWait.inSeconds)))
        attributes.append(.init("contrail.wait.backoff", .double(end.backOffWait.inSeconds)))
        attributes.append(.init("contrail.wait.resume", .double(end.resumeWait.inSeconds)))
        if end.rateLimitWait > .zero {
            attributes.append(.init("contrail.wait.rate_limit", .double(end.rateLimitWait.inSeconds)))
        }
        if end.redirectCount > 0 { attributes.append(.init("contrail.redirects", .int(Int64(end.redirectCount)))) }
        if let type = errorType(end.outcome) { attributes.append(.init("error.type", .string(type))) }
    }

    /// The description of an Error status; `nil`: no error. Cancellation is none.
    static func errorMessage(_ outcome: CallEnd.Outcome) -> String? {
        switch outcome {
        case .response(let status): status >= 400 ? "" : nil
        case .failure(let error): (error as? ClientError)?.message ?? "\(type(of: error))"
        case .cancelled: nil
        }
    }

    static func errorType(_ outcome: CallEnd.Outcome) -> String? {
        switch outcome {
        case .response(let status): status >= 400 ? String(status) : nil
        case .failure(let error as ClientError): error.code.description
        case .failure(let error): "\(type(of: error))"
        case .cancelled: nil
        }
    }

    static func outcome(_ outcome: CallEnd.Outcome) -> String {
        switch outcome {
        case .response: "response"
        case .failure: "failure"
        case .cancelled: "cancelled"
        }
    }
}
