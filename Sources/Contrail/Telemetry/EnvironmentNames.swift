import ContrailOTLP
import ContrailTelemetry

// What the names in the environment stand for.

extension TelemetryEnvironment.Sampler {
    var sampler: any Telemetry.Sampler {
        switch self {
        case .alwaysOn: Telemetry.AlwaysOnSampler()
        case .alwaysOff: Telemetry.AlwaysOffSampler()
        case .ratio(let ratio): Telemetry.TraceIDRatioSampler(ratio: ratio)
        case .parentBased(let root): Telemetry.ParentBasedSampler(root: root.sampler)
        }
    }
}

extension [TelemetryEnvironment.Propagator] {
    /// In the order of the list; none at all for `none`.
    var propagator: any Telemetry.Propagator {
        // The client has a shorter way for the usual pair.
        if self == [.traceContext, .baggage] { return Telemetry.CompositePropagator.standard }
        return Telemetry.CompositePropagator(map(\.propagator))
    }
}

extension TelemetryEnvironment.Propagator {
    fileprivate var propagator: any Telemetry.Propagator {
        switch self {
        case .traceContext: Telemetry.TraceContextPropagator()
        case .baggage: Telemetry.BaggagePropagator()
        case .b3: Telemetry.B3Propagator(.single)
        case .b3Multi: Telemetry.B3Propagator(.multi)
        case .jaeger: Telemetry.JaegerPropagator()
        }
    }
}

extension Telemetry.DiagnosticLevel {
    init(_ level: TelemetryEnvironment.LogLevel) {
        switch level {
        case .none: self = .none
        case .error: self = .error
        case .warn: self = .warning
        case .info, .debug, .trace: self = .info
        }
    }
}
