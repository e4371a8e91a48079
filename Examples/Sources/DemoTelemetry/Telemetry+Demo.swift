public import Contrail

extension Telemetry.Configuration {
    /// The environment's, which names the demo's own collector, and the receivers of DEMO_ALSO: base URLs, with commas.
    public static var forDemo: Self {
        var configuration = Self()
        let others = (configuration.environment["DEMO_ALSO"] ?? "").split(separator: ",")
        if !others.isEmpty { configuration.exporters = [.otlp] + others.map { .otlp(.init(endpoint: String($0))) } }
        return configuration
    }
}
