/// What is measured. Units: docs/telemetry.md.
enum MetricName: String {
    case requestDuration = "http.client.request.duration"
    case activeRequests = "http.client.active_requests"
    case requestBodySize = "http.client.request.body.size"
    case responseBodySize = "http.client.response.body.size"
    case callDuration = "contrail.client.call.duration"
    case permitWait = "contrail.client.permit.wait"
    case rateLimitWait = "contrail.client.rate_limit.wait"
    case retries = "contrail.client.retries"
    case retryDelay = "contrail.client.retry.delay"
    case retryRefusals = "contrail.client.retry.refusals"
    case rejections = "contrail.client.rejections"
    case circuitChanges = "contrail.client.circuit.changes"
    case circuitState = "contrail.client.circuit.state"
    case hedgesIssued = "contrail.client.hedges.issued"
    case hedgesWon = "contrail.client.hedges.won"
    case hedgesLost = "contrail.client.hedges.lost"
    case taskDelay = "contrail.tasks.delay"
    case spansProcessed = "otel.sdk.processor.span.processed"
    case queueSize = "otel.sdk.processor.span.queue.size"
    case queueCapacity = "otel.sdk.processor.span.queue.capacity"
    case spansInFlight = "otel.sdk.exporter.span.inflight"
    case spansExported = "otel.sdk.exporter.span.exported"
    case exportDuration = "otel.sdk.exporter.operation.duration"
}

/// One metric with one set of attributes.
struct MetricSeries: Hashable {
    let name: MetricName
    var server: ServerAddress?
    var method: String?
    var status: Int?
    var errorType: String?
    var protocolVersion: String?
    var urlTemplate: String?
    /// Attributes of our own.
    var own: [OwnAttribute] = []
    private var isOverflow = false

    struct OwnAttribute: Hashable {
        let key: String
        let value: String
    }

    init(_ name: MetricName, _ server: ServerAddress? = nil, _ own: OwnAttribute...) {
        self.name = name
        self.server = server
        self.own = own
    }

    /// All that came when the metric had as many series as it may (OpenTelemetry, metrics SDK, "Overflow attribute").
    var overflow: MetricSeries {
        var series = MetricSeries(name)
        series.isOverflow = true
        return series
    }

    /// As swift-metrics wants them.
    var dimensions: [(String, String)] {
        guard !isOverflow else { return [("otel.metric.overflow", "true")] }
        var dimensions: [(String, String)] = []
        if let method { dimensions.append(("http.request.method", method)) }
        if let server {
            dimensions.append(("server.address", server.host))
            dimensions.append(("server.port", String(server.port)))
        }
        if let status { dimensions.append(("http.response.status_code", String(status))) }
        if let errorType { dimensions.append(("error.type", errorType)) }
        if let protocolVersion { dimensions.append(("network.protocol.version", protocolVersion)) }
        if let urlTemplate { dimensions.append(("url.template", urlTemplate)) }
        return dimensions + own.map { ($0.key, $0.value) }
    }
}

/// The instruments that there are, by series. Pure. A metric has `maxSeries` of them: a crawler of a million hosts must
/// not make a million. Beyond that everything goes to one, marked as overflow.
struct SeriesTable<Instrument> {
    enum Found {
        case instrument(Instrument)
        /// Make it, of this series, and hand it to `keep`.
        case missing(MetricSeries)
    }

    private var instruments: [MetricSeries: Instrument] = [:]
    private var counts: [MetricName: Int] = [:]
    private let maxSeries: Int

    /// The default is the specification's (OpenTelemetry, metrics SDK, "Cardinality limits").
    init(maxSeries: Int = 2_000) { self.maxSeries = maxSeries }

    func find(_ series: MetricSeries) -> Found {
        if let instrument = instruments[series] { return .instrument(instrument) }
        guard counts[series.name, default: 0] >= maxSeries - 1 else { return .missing(series) }
        return instruments[series.overflow].map { .instrument($0) } ?? .missing(series.overflow)
    }

    /// The instrument to use: another may have made the same meanwhile. Where several make different ones at the limit,
    /// there may be one too many for each.
    mutating func keep(_ made: Instrument, for series: MetricSeries) -> Instrument {
        if let instrument = instruments[series] { return instrument }
        instruments[series] = made
        counts[series.name, default: 0] += 1
        return made
    }
}
