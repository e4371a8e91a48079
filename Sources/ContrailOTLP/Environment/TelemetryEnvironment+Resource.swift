import ContrailTelemetry

extension TelemetryEnvironment {
    mutating func readResource(_ reader: inout EnvironmentReader) {
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
}
