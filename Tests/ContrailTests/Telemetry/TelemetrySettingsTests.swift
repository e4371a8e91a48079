import ContrailOTLP
import ContrailTelemetry
import HTTPTypes
import Testing

@testable import Contrail

/// Code over environment over default, for each setting.
@Suite struct TelemetrySettingsTests {
    private func settings(
        _ environment: [String: String] = [:], service: String? = nil, detected: Telemetry.Resource = .init(),
        _ change: (inout Telemetry.Configuration) -> Void = { _ in }
    ) throws -> TelemetrySettings {
        var configuration = Telemetry.Configuration(environment: environment)
        change(&configuration)
        return try TelemetrySettings(configuration, service: service, detected: detected)
    }

    private typealias Change = (inout Telemetry.Configuration) -> Void

    private static func otlp(_ settings: TelemetrySettings) throws -> (OTLPSettings, TelemetrySettings.TLSFiles) {
        for destination in settings.destinations {
            if case .otlp(let settings, let files) = destination.target { return (OTLPSettings(settings), files) }
        }
        throw FoundNone()
    }

    private struct FoundNone: Error {}

    /// What of a destination can be compared.
    private struct OTLPSettings: Equatable {
        var url: String
        var headers: HTTPFields
        var timeout: Duration
        var compresses: Bool
        var encoding: String

        init(_ settings: OTLPSpanExporter.Settings) {
            url = settings.endpoint.text
            headers = settings.headers
            timeout = settings.timeout
            compresses = settings.compresses
            encoding = settings.encoding.rawValue
        }
    }

    // MARK: Precedence

    @Test func theProgramStandsOverTheEnvironmentAndThatOverTheDefault() throws {
        let rows: [(String, String, Change, (TelemetrySettings) throws -> String, [String])] = [
            (
                "OTEL_SDK_DISABLED", "true", { $0.isDisabled = false }, { "\($0.isDisabled)" },
                ["false", "true", "false"]
            ),
            (
                "OTEL_LOG_LEVEL", "error", { $0.diagnosticLevel = Telemetry.DiagnosticLevel.none },
                { "\($0.logLevel)" },
                ["info", "error", "none"]
            ),
            (
                "OTEL_SERVICE_NAME", "env", { $0.serviceName = "code" },
                { "\($0.resource["service.name"] ?? .bool(false))" },
                [#"string("unknown_service")"#, #"string("env")"#, #"string("code")"#]
            ),
            (
                "CONTRAIL_WATCHDOG", "true",
                {
                    $0.watchdog = .init()
                    $0.watchdog?.threshold = .seconds(2)
                },
                { $0.watchdog.map { "\($0.threshold)" } ?? "off" },
                ["off", "0.25 seconds", "2.0 seconds"]
            ),
            (
                "OTEL_TRACES_SAMPLER", "always_off", { $0.sampler = Telemetry.AlwaysOnSampler() },
                { $0.sampler.description },
                [Telemetry.ParentBasedSampler().description, "AlwaysOffSampler", "AlwaysOnSampler"]
            ),
            (
                "OTEL_PROPAGATORS", "b3", { $0.propagator = Telemetry.JaegerPropagator() },
                { $0.propagator.fields.joined(separator: ",") },
                ["traceparent,tracestate,baggage", "b3", "uber-trace-id"]
            ),
            (
                "OTEL_SPAN_EVENT_COUNT_LIMIT", "7", { $0.limits = Telemetry.SpanLimits() }, { "\($0.limits.events)" },
                ["128", "7", "128"]
            ),
            (
                "OTEL_BSP_MAX_QUEUE_SIZE", "700", { $0.batching = .init(maxQueueSize: 9) },
                { "\($0.batching.maxQueueSize)" }, ["16384", "700", "9"]
            ),
            (
                "OTEL_TRACES_EXPORTER", "console", { $0.exporters = [.file(path: "/x")] },
                { $0.destinations.map(\.name).joined() }, ["http://localhost:4318", "console", "/x"]
            ),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT", "http://env:1", { $0.endpoint = "http://code:2" },
                { try Self.otlp($0).0.url },
                ["http://localhost:4318/v1/traces", "http://env:1/v1/traces", "http://code:2/v1/traces"]
            ),
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://env:1/x",
                { $0.otlp.tracesEndpoint = "http://code:2/y" }, { try Self.otlp($0).0.url },
                ["http://localhost:4318/v1/traces", "http://env:1/x", "http://code:2/y"]
            ),
            (
                "OTEL_EXPORTER_OTLP_TIMEOUT", "5", { $0.exportTimeout = .seconds(7) },
                { "\(try Self.otlp($0).0.timeout)" },
                ["10.0 seconds", "0.005 seconds", "7.0 seconds"]
            ),
            (
                "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip",
                { $0.otlp.compression = Telemetry.OTLPDestination.Compression.none },
                { "\(try Self.otlp($0).0.compresses)" }, ["false", "true", "false"]
            ),
            (
                "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", { $0.otlp.encoding = .protobuf },
                { try Self.otlp($0).0.encoding },
                ["application/x-protobuf", "application/json", "application/x-protobuf"]
            ),
            (
                "OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/hostname",
                { $0.otlp.certificateAuthorityFile = "/etc/passwd" }, { try Self.otlp($0).1.authority ?? "-" },
                ["-", "/etc/hostname", "/etc/passwd"]
            ),
            (
                "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/etc/hostname",
                { $0.otlp.clientCertificateFile = "/etc/passwd" }, { try Self.otlp($0).1.certificate ?? "-" },
                ["-", "/etc/hostname", "/etc/passwd"]
            ),
            (
                "OTEL_EXPORTER_OTLP_CLIENT_KEY", "/etc/hostname", { $0.otlp.clientKeyFile = "/etc/passwd" },
                { try Self.otlp($0).1.key ?? "-" }, ["-", "/etc/hostname", "/etc/passwd"]
            ),
        ]
        for (name, value, change, read, expected) in rows {
            #expect(try read(settings()) == expected[0], "default of \(name)")
            #expect(try read(settings([name: value])) == expected[1], "\(name)")
            #expect(try read(settings([name: value], change)) == expected[2], "code over \(name)")
        }
    }

    @Test func headersOfTheProgramAreAddedToThoseOfTheEnvironment() throws {
        let names = try ["a", "b", "c"].map { try #require(HTTPField.Name($0)) }
        let settings = try settings(["OTEL_EXPORTER_OTLP_HEADERS": "a=env,b=env"]) {
            $0.exportHeaders = [names[1]: "code", names[2]: "code"]
        }
        #expect(try Self.otlp(settings).0.headers == [names[0]: "env", names[1]: "code", names[2]: "code"])
    }

    @Test func ofTheResourceTheProgramIsTheStrongest() throws {
        let detected = Telemetry.Resource(
            attributes: [.init("host.name", .string("found")), .init("a", .string("found"))],
            schemaURL: Telemetry.schemaURL)
        let settings = try settings(
            ["OTEL_RESOURCE_ATTRIBUTES": "a=env,b=env,service.instance.id=env"], service: "argument", detected: detected
        ) {
            $0.serviceName = "code"
            $0.resourceAttributes = [.init("b", .string("code"))]
        }
        let resource = settings.resource
        #expect(resource["service.name"] == .string("argument") && resource["service.instance.id"] == .string("env"))
        #expect(resource["host.name"] == .string("found"))
        #expect(resource["a"] == .string("env") && resource["b"] == .string("code"))
        #expect(resource.schemaURL == Telemetry.schemaURL)
    }

    // MARK: Bad values

    @Test func whatIsBadInTheProgramIsAnErrorAndInTheEnvironmentAWarning() throws {
        #expect(throws: Telemetry.SetupError.self) { try settings { $0.endpoint = "nonsense" } }
        #expect(throws: Telemetry.SetupError.self) { try settings { $0.otlp.clientKeyFile = "/nonexistent" } }
        let lenient = try settings([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://[bad", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nonexistent",
            "OTEL_TRACES_SAMPLER": "maybe",
        ])
        #expect(lenient.warnings.count == 3, "\(lenient.warnings)")
        #expect(try Self.otlp(lenient).0.url == "http://localhost:4318/v1/traces")
        #expect(try Self.otlp(lenient).1 == .init())
    }

    // MARK: Exporters

    @Test func noneMeansNowhere() throws {
        #expect(try settings(["OTEL_TRACES_EXPORTER": "none"]).destinations.isEmpty)
        #expect(try settings { $0.exporters = [] }.destinations.isEmpty)
        #expect(try settings(["OTEL_SDK_DISABLED": "true"]).destinations.isEmpty)
    }

    @Test func aFurtherReceiverGetsNothingOfTheEnvironment() throws {
        let settings = try settings([
            "OTEL_EXPORTER_OTLP_HEADERS": "key=secret", "OTEL_EXPORTER_OTLP_TIMEOUT": "5",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        ]) { $0.exporters = [.otlp(.init(endpoint: "http://other")), .console()] }
        #expect(settings.destinations.map(\.isImmediate) == [false, true])
        let other = try Self.otlp(settings).0
        #expect(other.url == "http://other/v1/traces" && other.headers == [:] && !other.compresses)
        #expect(other.timeout == .seconds(10))
    }
}
