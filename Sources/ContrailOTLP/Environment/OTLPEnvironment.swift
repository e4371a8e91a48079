package import ContrailTelemetry
package import HTTPTypes

/// What the `OTEL_…` environment variables say. `nil` is "not set": code and defaults then decide.
package struct OTLPEnvironment: Sendable, Equatable {
    /// OTEL_SERVICE_NAME; if that is not set, `service.name` of OTEL_RESOURCE_ATTRIBUTES.
    package var serviceName: String?
    /// OTEL_RESOURCE_ATTRIBUTES, keys unique, without `service.name`.
    package var resourceAttributes: [Telemetry.Attribute] = []
    /// Where traces are posted to: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as it is, or OTEL_EXPORTER_OTLP_ENDPOINT with
    /// `/v1/traces` appended. `nil` if neither is set; ``defaultTracesEndpoint`` is then meant.
    package var tracesEndpoint: String?
    /// OTEL_EXPORTER_OTLP_TRACES_HEADERS or OTEL_EXPORTER_OTLP_HEADERS.
    package var tracesHeaders: HTTPFields = [:]
    /// OTEL_EXPORTER_OTLP_TRACES_TIMEOUT or OTEL_EXPORTER_OTLP_TIMEOUT; zero is no limit.
    package var tracesTimeout: Duration?
    /// OTEL_SDK_DISABLED.
    package var isDisabled = false
    /// OTEL_BSP_SCHEDULE_DELAY.
    package var batchDelay: Duration?
    /// OTEL_BSP_EXPORT_TIMEOUT; zero is no limit.
    package var batchExportTimeout: Duration?
    /// OTEL_BSP_MAX_QUEUE_SIZE, at least 1.
    package var maxQueueSize: Int?
    /// OTEL_BSP_MAX_EXPORT_BATCH_SIZE, at least 1. The batch never exceeds the queue: whoever applies this takes the
    /// smaller.
    package var maxExportBatchSize: Int?
    /// One sentence per variable that was ignored. Holds no secret.
    package var warnings: [String] = []

    /// `http://localhost:4318/v1/traces`.
    package static let defaultTracesEndpoint = EndpointText.appending("v1/traces", to: EndpointText.defaultBase)

    /// Reads `environment`. Never fails: what is no good is ignored, with a warning.
    /// Where traces go if everything goes below `base` (OTLP Exporter, "Endpoint URLs").
    package static func tracesEndpoint(ofBase base: String) -> String { EndpointText.appending("v1/traces", to: base) }

    package init(_ environment: [String: String]) {
        var reader = EnvironmentReader(environment)
        readResource(&reader)
        tracesEndpoint = Self.tracesEndpoint(&reader)
        tracesHeaders = Self.headers(&reader)
        if let (name, _) = reader.first(["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]) {
            tracesTimeout = reader.duration(name)
        }
        isDisabled = reader.flag("OTEL_SDK_DISABLED")
        batchDelay = reader.duration("OTEL_BSP_SCHEDULE_DELAY")
        batchExportTimeout = reader.duration("OTEL_BSP_EXPORT_TIMEOUT")
        maxQueueSize = reader.number("OTEL_BSP_MAX_QUEUE_SIZE", atLeast: 1)
        maxExportBatchSize = Self.batchSize(&reader, queueSize: maxQueueSize)
        Self.checkProtocol(&reader)
        warnings = reader.warnings
    }

    private mutating func readResource(_ reader: inout EnvironmentReader) {
        let name = "OTEL_RESOURCE_ATTRIBUTES"
        if let text = reader.text(name) {
            do {
                resourceAttributes = try Self.attributes(text)
            } catch {
                // Resource SDK, "Specifying resource information via an environment variable": all or nothing.
                reader.warn(name, "is not a list of key=value: \(error.what); all of it is ignored")
            }
        }
        serviceName = reader.text("OTEL_SERVICE_NAME")
        if let index = resourceAttributes.firstIndex(where: { $0.key == "service.name" }) {
            let attribute = resourceAttributes.remove(at: index)
            if case .string(let name) = attribute.value, !name.isEmpty, serviceName == nil { serviceName = name }
        }
    }

    private static func attributes(_ text: String) throws(KeyValueListText.Problem) -> [Telemetry.Attribute] {
        var attributes: [Telemetry.Attribute] = []
        for (index, pair) in try KeyValueListText.pairs(text).enumerated() {
            guard let key = KeyValueListText.decoded(pair.key), let value = KeyValueListText.decoded(pair.value) else {
                throw KeyValueListText.Problem(what: "member \(index + 1) is not percent-encoded UTF-8")
            }
            attributes.removeAll { $0.key == key }
            attributes.append(Telemetry.Attribute(key, .string(value)))
        }
        return attributes
    }

    private static func tracesEndpoint(_ reader: inout EnvironmentReader) -> String? {
        let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
        if let url = reader.text(own) {
            guard let problem = EndpointText.problem(url) else { return EndpointText.asIs(url) }
            reader.warn(own, "\(problem): ignored")
        }
        let base = "OTEL_EXPORTER_OTLP_ENDPOINT"
        guard let url = reader.text(base) else { return nil }
        guard let problem = EndpointText.problem(url) else { return EndpointText.appending("v1/traces", to: url) }
        reader.warn(base, "\(problem): ignored")
        return nil
    }

    private static func headers(_ reader: inout EnvironmentReader) -> HTTPFields {
        let names = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"]
        guard let (name, text) = reader.first(names) else { return [:] }
        var fields = HTTPFields()
        do {
            for (key, encoded) in try KeyValueListText.pairs(text) {
                guard let field = HTTPField.Name(key) else {
                    reader.warn(name, "has a key that is no header name: that pair is ignored")
                    continue
                }
                // A line break would end the field and begin another.
                guard let value = KeyValueListText.decoded(encoded), HTTPField.isValidValue(value) else {
                    reader.warn(name, "has a value for \(field) that is no header value: that pair is ignored")
                    continue
                }
                fields[field] = value
            }
        } catch {
            reader.warn(name, "is not a list of key=value: \(error.what); all of it is ignored")
        }
        return fields
    }

    private static func batchSize(_ reader: inout EnvironmentReader, queueSize: Int?) -> Int? {
        let name = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"
        guard let size = reader.number(name, atLeast: 1) else { return nil }
        let queueSize = queueSize ?? Telemetry.BatchSpanProcessor.Settings().maxQueueSize
        guard size <= queueSize else {
            reader.warn(name, "must not exceed the queue size of \(queueSize), but is \(size): ignored")
            return nil
        }
        return size
    }

    /// There is one protocol and no compression; whoever asks for another should know why it does not come.
    private static func checkProtocol(_ reader: inout EnvironmentReader) {
        let supported = [("PROTOCOL", "http/protobuf"), ("COMPRESSION", "none")]
        for (option, value) in supported {
            let names = ["OTEL_EXPORTER_OTLP_TRACES_\(option)", "OTEL_EXPORTER_OTLP_\(option)"]
            guard let (name, asked) = reader.first(names), asked.lowercased() != value else { continue }
            reader.warn(name, "supports \(value) only, not '\(asked.prefix(40))': ignored")
        }
        for option in ["CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"] {
            let names = ["OTEL_EXPORTER_OTLP_TRACES_\(option)", "OTEL_EXPORTER_OTLP_\(option)"]
            guard let (name, _) = reader.first(names) else { continue }
            reader.warn(name, "is not supported: the system's certificates are used")
        }
    }
}
