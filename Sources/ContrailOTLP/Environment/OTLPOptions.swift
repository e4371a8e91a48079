package import HTTPTypes

/// What the environment says about the OTLP exporter of one signal. Each option is the signal's own variable
/// (`OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`), else the general one (`OTEL_EXPORTER_OTLP_TIMEOUT`).
package struct OTLPOptions: Sendable, Equatable {
    /// ENDPOINT: the signal's own as it is, or the general one with the signal's path appended.
    package var endpoint: String?
    /// HEADERS.
    package var headers: HTTPFields = [:]
    /// TIMEOUT; zero is no limit.
    package var timeout: Duration?
    /// COMPRESSION.
    package var compression: Compression?
    /// PROTOCOL.
    package var encoding: OTLP.Encoding?
    /// CERTIFICATE: a PEM file with the trusted authorities.
    package var caFile: String?
    /// CLIENT_CERTIFICATE: a PEM file.
    package var clientCertificateFile: String?
    /// CLIENT_KEY: a PEM file.
    package var clientKeyFile: String?

    /// Whether bodies are compressed.
    package enum Compression: String, Sendable, CaseIterable {
        case none
        case gzip
    }

    /// The values of PROTOCOL that are spoken. `grpc` is not, and says so.
    private enum ProtocolName: String, CaseIterable {
        case protobuf = "http/protobuf"
        case json = "http/json"
    }

    /// Nothing is set.
    package init() {}

    init(_ signal: OTLP.Signal, _ reader: inout EnvironmentReader) {
        func names(_ option: String) -> [String] {
            ["OTEL_EXPORTER_OTLP_\(signal.rawValue.uppercased())_\(option)", "OTEL_EXPORTER_OTLP_\(option)"]
        }
        endpoint = Self.endpoint(names("ENDPOINT"), signal, &reader)
        headers = Self.headers(names("HEADERS"), &reader)
        timeout = names("TIMEOUT").first { reader.text($0) != nil }.flatMap { reader.duration($0) }
        compression = reader.choice(names("COMPRESSION"), Compression.self)
        encoding = reader.choice(names("PROTOCOL"), ProtocolName.self).map { $0 == .json ? .json : .protobuf }
        caFile = reader.first(names("CERTIFICATE"))?.value
        clientCertificateFile = reader.first(names("CLIENT_CERTIFICATE"))?.value
        clientKeyFile = reader.first(names("CLIENT_KEY"))?.value
    }

    /// `http://localhost:4318` and the signal's path.
    package static func defaultEndpoint(_ signal: OTLP.Signal) -> String {
        endpoint(signal, ofBase: EndpointText.defaultBase)
    }

    /// Where a signal goes if everything goes below `base` (OTLP Exporter, "Endpoint URLs").
    package static func endpoint(_ signal: OTLP.Signal, ofBase base: String) -> String {
        EndpointText.appending(String(signal.path.dropFirst()), to: base)
    }

    private static func endpoint(
        _ names: [String], _ signal: OTLP.Signal, _ reader: inout EnvironmentReader
    ) -> String? {
        for (index, name) in names.enumerated() {
            guard let url = reader.text(name) else { continue }
            guard let problem = EndpointText.problem(url) else {
                return index == 0 ? EndpointText.asIs(url) : endpoint(signal, ofBase: url)
            }
            reader.warn(name, "\(problem): ignored")
        }
        return nil
    }

    private static func headers(_ names: [String], _ reader: inout EnvironmentReader) -> HTTPFields {
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
}
