import ContrailBase
import ContrailCore
import ContrailCurl
import ContrailOTLP
import ContrailTelemetry
import HTTPTypes

/// What tracing does: settings of the program stand over the environment, and that over the defaults. Decided here and
/// nowhere else, without touching anything.
struct TelemetrySettings: Sendable {
    /// Where spans go, and how they wait for it.
    struct Destination: Sendable {
        enum Target: Sendable {
            case otlp(OTLPSpanExporter.Settings, TLSFiles)
            case text(TextSpanExporter.Format, Telemetry.TraceExporter.Stream)
            case file(path: String, maxBytes: Int)
            case custom(any Telemetry.SpanExporter)
        }

        /// For people: which of several it is. Holds no secret.
        var name: String
        var target: Target
        var isImmediate = false
    }

    struct TLSFiles: Sendable, Equatable {
        var authority: String?
        var certificate: String?
        var key: String?
    }

    var isDisabled: Bool
    var resource: Telemetry.Resource
    var sampler: any Telemetry.Sampler
    var propagator: any Telemetry.Propagator
    var limits: Telemetry.SpanLimits
    var batching: Telemetry.BatchSpanProcessor.Settings
    var destinations: [Destination] = []
    var watchdog: Telemetry.Configuration.Watchdog?
    var logLevel: Telemetry.DiagnosticLevel
    /// What was ignored of the environment.
    var warnings: [String]

    /// Throws ``Telemetry/SetupError`` for a setting of the program that makes no sense; one of the environment is ignored,
    /// with a warning.
    init(_ code: Telemetry.Configuration, service: String?, detected: Telemetry.Resource) throws {
        let environment = TelemetryEnvironment(code.environment)
        warnings = environment.warnings
        isDisabled = code.isDisabled ?? environment.isDisabled ?? false
        logLevel = code.diagnosticLevel ?? environment.logLevel.map { .init($0) } ?? .info
        resource = Self.resource(code, environment, service: service, detected: detected)
        sampler = code.sampler ?? environment.sampler?.sampler ?? Telemetry.ParentBasedSampler()
        propagator = code.propagator ?? environment.propagators?.propagator ?? Telemetry.CompositePropagator.standard
        limits = code.limits ?? environment.limits ?? Telemetry.SpanLimits()
        batching = code.batching ?? environment.batching.settings
        if isDisabled { return }
        watchdog = try code.watchdog?.validated() ?? (environment.isWatched == true ? .init() : nil)
        let exporters = code.exporters ?? environment.exporters?.map { .init($0) } ?? [.otlp]
        destinations = try exporters.map { try destination($0, code, environment) }
    }

    // MARK: Resource

    /// Later is stronger: what detectors found, the environment's attributes, the program's.
    private static func resource(
        _ code: Telemetry.Configuration, _ environment: TelemetryEnvironment, service: String?,
        detected: Telemetry.Resource
    ) -> Telemetry.Resource {
        var executable: String?
        if case .string(let name)? = detected["process.executable.name"] { executable = name }
        let name = service ?? code.serviceName ?? environment.serviceName
        return detected.merging(.default(serviceName: name, executable: executable))
            .merging(Telemetry.Resource(attributes: environment.resourceAttributes))
            .merging(Telemetry.Resource(attributes: code.resourceAttributes))
    }

    // MARK: Destinations

    private mutating func destination(
        _ exporter: Telemetry.TraceExporter, _ code: Telemetry.Configuration, _ environment: TelemetryEnvironment
    ) throws -> Destination {
        switch exporter.kind {
        case .configuredOTLP: return try otlp(code.otlp, environment.otlp)
        case .otlp(let destination): return try otlp(destination, OTLPOptions())
        case .text(let style, let stream):
            return Destination(name: "console", target: .text(.init(style), stream), isImmediate: style == .lines)
        case .file(let path, let maxBytes):
            return Destination(name: path, target: .file(path: path, maxBytes: maxBytes))
        case .custom(let exporter, let isImmediate):
            return Destination(name: "\(type(of: exporter))", target: .custom(exporter), isImmediate: isImmediate)
        }
    }

    private mutating func otlp(_ code: Telemetry.OTLPDestination, _ environment: OTLPOptions) throws -> Destination {
        var headers = environment.headers
        for field in code.headers { headers[field.name] = field.value }
        let url = try endpoint(code, environment)
        var settings = OTLPSpanExporter.Settings(endpoint: url, headers: headers)
        if let timeout = code.timeout ?? environment.timeout { settings.timeout = timeout }
        settings.compresses = code.compression.map { $0 == .gzip } ?? (environment.compression == .gzip)
        settings.encoding = code.encoding.map { $0 == .json ? .json : .protobuf } ?? environment.encoding ?? .protobuf
        settings.maxRequestBytes = max(0, code.maxRequestBytes)
        settings.maxResponseBytes = max(0, code.maxResponseBytes)
        let files = TLSFiles(
            authority: try file(code.certificateAuthorityFile, environment.caFile, "CERTIFICATE"),
            certificate: try file(code.clientCertificateFile, environment.clientCertificateFile, "CLIENT_CERTIFICATE"),
            key: try file(code.clientKeyFile, environment.clientKeyFile, "CLIENT_KEY"))
        return Destination(name: "\(url.origin)", target: .otlp(settings, files))
    }

    /// A bad endpoint in the program is the program's fault; one in the environment must not stop it.
    private mutating func endpoint(
        _ code: Telemetry.OTLPDestination, _ environment: OTLPOptions
    ) throws -> RequestURL {
        if let text = code.tracesEndpoint ?? code.endpoint.map({ OTLPOptions.endpoint(.traces, ofBase: $0) }) {
            do { return try RequestURL(text) } catch {
                throw Telemetry.SetupError.configuration("The collector's endpoint: \(error)")
            }
        }
        if let text = environment.endpoint {
            do { return try RequestURL(text) } catch {
                warnings.append("OTEL_EXPORTER_OTLP_ENDPOINT is ignored: \(error)")
            }
        }
        return try RequestURL(OTLPOptions.defaultEndpoint(.traces))
    }

    /// A file that cannot be read would only fail each export, one after another, with a message of the TLS library.
    private mutating func file(_ code: String?, _ environment: String?, _ option: String) throws -> String? {
        if let code {
            guard CurlTransport.canRead(code) else {
                throw Telemetry.SetupError.configuration("The file \(code) for the collector's TLS cannot be read.")
            }
            return code
        }
        guard let environment else { return nil }
        guard CurlTransport.canRead(environment) else {
            warnings.append("OTEL_EXPORTER_OTLP_\(option) names a file that cannot be read: ignored")
            return nil
        }
        return environment
    }
}

extension TelemetryEnvironment.BatchOptions {
    /// Over the defaults.
    fileprivate var settings: Telemetry.BatchSpanProcessor.Settings {
        var settings = Telemetry.BatchSpanProcessor.Settings()
        if let delay { settings.scheduleDelay = delay }
        if let exportTimeout { settings.exportTimeout = exportTimeout }
        if let maxQueueSize { settings.maxQueueSize = maxQueueSize }
        if let maxBatchSize { settings.maxBatchSize = maxBatchSize }
        return settings
    }
}

extension TextSpanExporter.Format {
    fileprivate init(_ style: Telemetry.TraceExporter.TextStyle) {
        switch style {
        case .lines: self = .lines
        case .waterfall(let width): self = .waterfall(width: width, colour: false)
        case .json: self = .json
        }
    }
}

extension Telemetry.TraceExporter {
    fileprivate init(_ name: TelemetryEnvironment.Exporter) {
        switch name {
        case .otlp: self = .otlp
        case .console: self = .console()
        case .otlpStandardOutput: self = .console(.json)
        }
    }
}
