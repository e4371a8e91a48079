import ContrailBase
import ContrailCore
import CoreMetrics
import HTTPTypes

/// Measures calls and sends through swift-metrics: what the semantic conventions name (1.44, "HTTP client metrics"), and
/// what the policies decided under names of ours.
struct MetricsObserver: CallObserver {
    private let metrics: HTTPClient.Configuration.Metrics
    private let settings: SpanSettings
    private let backends: MetricBackends

    init(
        _ metrics: HTTPClient.Configuration.Metrics, _ settings: SpanSettings, backends: MetricBackends = .shared
    ) {
        self.metrics = metrics
        self.settings = settings
        self.backends = backends
    }

    func callWillStart(_ call: CallStart) -> (any CallObservation)? {
        guard let instruments = backends.instruments(metrics.factory) else { return nil }
        return MeteredCall(call, instruments, metrics, settings)
    }
}

private final class MeteredCall: CallObservation {
    private let call: CallStart
    private let instruments: MetricInstruments
    private let metrics: HTTPClient.Configuration.Metrics
    private let settings: SpanSettings
    /// The server that the call goes to now; another behind a redirect.
    private let server: Locked<ServerAddress>

    init(
        _ call: CallStart, _ instruments: MetricInstruments, _ metrics: HTTPClient.Configuration.Metrics,
        _ settings: SpanSettings
    ) {
        self.call = call
        self.instruments = instruments
        self.metrics = metrics
        self.settings = settings
        server = Locked(ServerAddress(call.url.origin, [:]))
    }

    func sendWillStart(_ send: SendStart, headers: inout HTTPFields) -> (any SendObservation)? {
        var series = MetricSeries(.activeRequests, ServerAddress(send.url.origin, headers))
        series.method = settings.isKnown(send.method) ? send.method.rawValue : "_OTHER"
        if metrics.includesURLTemplate { series.urlTemplate = send.urlTemplate }
        return MeteredSend(send, series, instruments, measuresBodies: metrics.includesBodySizes)
    }

    func record(_ event: CallEvent) {
        if case .redirectFollowed(let redirect, _) = event {
            server.withLock { $0 = ServerAddress(redirect.target.origin, [:]) }
        }
        instruments.record(event, to: server.withLock { $0 })
    }

    func callDidEnd(_ end: CallEnd) {
        let address = ServerAddress(call.url.origin, [:])
        var series = MetricSeries(
            .callDuration, address, .init(key: "contrail.outcome", value: CallEventAttributes.outcome(end.outcome)))
        series.method = settings.isKnown(call.method) ? call.method.rawValue : "_OTHER"
        if case .response(let status) = end.outcome { series.status = status }
        series.errorType = CallEventAttributes.errorType(end.outcome)
        if metrics.includesURLTemplate { series.urlTemplate = call.urlTemplate }
        instruments.record(end.end - call.start, series)
        if let reason = Self.queueRejection(end.outcome) {
            instruments.count(MetricSeries(.rejections, address, .init(key: "contrail.rejection", value: reason)))
        }
    }

    func withContext<Result>(_ operation: () async throws -> Result) async rethrows -> Result { try await operation() }

    /// What the queue for permits refused. No event tells of it; all other rejections are told by one.
    private static func queueRejection(_ outcome: CallEnd.Outcome) -> String? {
        guard case .failure(let error as ClientError) = outcome,
            [.shed, .queueFull, .queueTimeout].contains(error.code)
        else { return nil }
        return error.code.description
    }
}

private final class MeteredSend: SendObservation {
    private let start: MonotonicInstant
    private let series: MetricSeries
    private let instruments: MetricInstruments
    private let measuresBodies: Bool

    init(_ send: SendStart, _ series: MetricSeries, _ instruments: MetricInstruments, measuresBodies: Bool) {
        start = send.start
        self.series = series
        self.instruments = instruments
        self.measuresBodies = measuresBodies
        instruments.meter(series).increment()
    }

    func sendDidEnd(_ end: SendEnd) {
        instruments.meter(series).decrement()
        instruments.record(end.end - start, ended(.requestDuration, end))
        guard measuresBodies else { return }
        if end.summary.requestBodyBytes > 0 {
            instruments.record(bytes: end.summary.requestBodyBytes, ended(.requestBodySize, end))
        }
        if end.outcome.head != nil {
            instruments.record(bytes: end.summary.responseBodyBytes, ended(.responseBodySize, end))
        }
    }

    private func ended(_ name: MetricName, _ end: SendEnd) -> MetricSeries {
        var ended = MetricSeries(name, series.server)
        ended.method = series.method
        ended.urlTemplate = series.urlTemplate
        ended.status = end.outcome.head?.status.code
        ended.protocolVersion = end.outcome.head?.version?.rawValue
        ended.errorType = HTTPAttributes.errorType(end.outcome)
        return ended
    }
}

extension MetricInstruments {
    /// What policies decided, of a call to `server`.
    fileprivate func record(_ event: CallEvent, to server: ServerAddress) {
        switch event {
        case .permitGranted(let waited, _): record(waited, MetricSeries(.permitWait, server))
        case .rateLimitPassed(let waited, _): record(waited, MetricSeries(.rateLimitWait, server))
        case .sendRejected(let reason, _):
            count(MetricSeries(.rejections, server, .init(key: "contrail.rejection", value: reason.rawValue)))
        case .circuitChanged(let state, _):
            count(MetricSeries(.circuitChanges, server, .init(key: "contrail.circuit.state", value: state.rawValue)))
            meter(MetricSeries(.circuitState, server)).set(state.level)
        case .hedgeIssued: count(MetricSeries(.hedgesIssued, server))
        case .hedgeDecided(let hedgeWon, _): count(MetricSeries(hedgeWon ? .hedgesWon : .hedgesLost, server))
        case .retryScheduled(let delay, _, let outcome, let source, _):
            count(
                MetricSeries(
                    .retries, server, .init(key: "contrail.retry.class", value: outcome.rawValue),
                    .init(key: "contrail.retry.source", value: source.rawValue)))
            record(delay, MetricSeries(.retryDelay, server))
        case .retryRefused(let refusal, _):
            count(MetricSeries(.retryRefusals, server, .init(key: "contrail.retry.refusal", value: refusal.rawValue)))
        case .redirectFollowed, .redirectRefused: break
        }
    }
}

extension CircuitState {
    /// For a graph: the higher, the less gets through.
    fileprivate var level: Int {
        switch self {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
    }
}
