import ContrailBase
import ContrailTelemetry
import HTTPTypes

/// The header fields that a span keeps, each as an array of its values (semantic conventions 1.44,
/// `http.request.header.<key>`).
struct CapturedHeaders: Sendable {
    private let names: [(name: HTTPField.Name, key: String, isSecret: Bool)]

    init(_ names: [HTTPField.Name], prefix: String, secret: Set<String>) {
        var known: Set<String> = []
        // Lower case, dashes kept; a name once, however often and in what case it is given.
        self.names = names.compactMap {
            let name = $0.canonicalName
            guard known.insert(name).inserted else { return nil }
            return ($0, prefix + name, secret.contains(name) || Redaction.secretHeaders.contains(name))
        }
    }

    /// The attributes of those that are there.
    func attributes(of headers: @autoclosure () -> HTTPFields) -> [Telemetry.Attribute] {
        guard !names.isEmpty else { return [] }
        let headers = headers()
        return names.compactMap { name, key, isSecret in
            let values = headers[values: name]
            guard !values.isEmpty else { return nil }
            return .init(key, .array(values.map { .string(isSecret ? Redaction.mark : $0) }))
        }
    }
}
