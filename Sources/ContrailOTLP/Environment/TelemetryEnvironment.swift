package import ContrailTelemetry

/// What the `OTEL_…` environment variables say about tracing and its resource. `nil` is "not set": code and defaults then
/// decide.
package struct TelemetryEnvironment: Sendable, Equatable {
    /// OTEL_SDK_DISABLED.
    package var isDisabled: Bool?
    /// OTEL_LOG_LEVEL.
    package var logLevel: LogLevel?
    /// OTEL_SERVICE_NAME; if that is not set, `service.name` of OTEL_RESOURCE_ATTRIBUTES.
    package var serviceName: String?
    /// OTEL_RESOURCE_ATTRIBUTES, keys unique, without `service.name`.
    package var resourceAttributes: [Telemetry.Attribute] = []
    /// OTEL_PROPAGATORS, each once; empty for `none`.
    package var propagators: [Propagator]?
    /// OTEL_TRACES_SAMPLER with OTEL_TRACES_SAMPLER_ARG.
    package var sampler: Sampler?
    /// OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT and its like, over the defaults; `nil` if none of them is set.
    package var limits: Telemetry.SpanLimits?
    /// OTEL_TRACES_EXPORTER; empty for `none`.
    package var exporters: [Exporter]?
    /// OTEL_EXPORTER_OTLP_TRACES_… and OTEL_EXPORTER_OTLP_….
    package var otlp = OTLPOptions()
    /// OTEL_BSP_….
    package var batching = BatchOptions()
    /// CONTRAIL_WATCHDOG: of this SDK alone.
    package var isWatched: Bool?
    /// One sentence per variable that was ignored. Holds no secret.
    package var warnings: [String] = []

    /// How much the SDK says about itself: what is at least this bad.
    package enum LogLevel: String, Sendable, CaseIterable {
        case none
        case error
        case warn
        case info
        case debug
        case trace
    }

    /// A propagator, by its name in the specification.
    package enum Propagator: String, Sendable, CaseIterable {
        case traceContext = "tracecontext"
        case baggage
        case b3
        case b3Multi = "b3multi"
        case jaeger
    }

    /// Where spans go, by the name in the specification.
    package enum Exporter: String, Sendable, CaseIterable {
        case otlp
        case console
        /// OTLP in JSON, a line per batch.
        case otlpStandardOutput = "otlp/stdout"
    }

    /// A sampler.
    package enum Sampler: Sendable, Equatable {
        case alwaysOn
        case alwaysOff
        /// Of all traces this share.
        case ratio(Double)
        /// As the parent; roots as this one.
        indirect case parentBased(Sampler)
    }

    /// OTEL_BSP_….
    package struct BatchOptions: Sendable, Equatable {
        /// OTEL_BSP_SCHEDULE_DELAY.
        package var delay: Duration?
        /// OTEL_BSP_EXPORT_TIMEOUT; zero is no limit.
        package var exportTimeout: Duration?
        /// OTEL_BSP_MAX_QUEUE_SIZE, at least 1.
        package var maxQueueSize: Int?
        /// OTEL_BSP_MAX_EXPORT_BATCH_SIZE, at least 1 and not more than the queue.
        package var maxBatchSize: Int?
    }

    /// Reads `environment`. Never fails: what is no good is ignored, with a warning.
    package init(_ environment: [String: String]) {
        var reader = EnvironmentReader(environment)
        isDisabled = reader.flag("OTEL_SDK_DISABLED")
        logLevel = reader.choice(["OTEL_LOG_LEVEL"], LogLevel.self)
        readResource(&reader)
        propagators = reader.choices("OTEL_PROPAGATORS", Propagator.self)
        sampler = Self.sampler(&reader)
        limits = Self.limits(&reader)
        exporters = reader.choices("OTEL_TRACES_EXPORTER", Exporter.self)
        otlp = OTLPOptions(.traces, &reader)
        batching = BatchOptions(&reader)
        isWatched = reader.flag("CONTRAIL_WATCHDOG")
        if reader.text("OTEL_CONFIG_FILE") != nil { reader.warn("OTEL_CONFIG_FILE", "is not supported: ignored") }
        warnings = reader.warnings
    }
}

extension TelemetryEnvironment.BatchOptions {
    fileprivate init(_ reader: inout EnvironmentReader) {
        delay = reader.duration("OTEL_BSP_SCHEDULE_DELAY")
        exportTimeout = reader.duration("OTEL_BSP_EXPORT_TIMEOUT")
        maxQueueSize = reader.number("OTEL_BSP_MAX_QUEUE_SIZE", atLeast: 1)
        let name = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"
        guard let size = reader.number(name, atLeast: 1) else { return }
        let queueSize = maxQueueSize ?? Telemetry.BatchSpanProcessor.Settings().maxQueueSize
        guard size <= queueSize else {
            reader.warn(name, "must not exceed the queue size of \(queueSize), but is \(size): ignored")
            return
        }
        maxBatchSize = size
    }
}
