extension Telemetry {
    /// Finds out something about what produces the telemetry (OTel Resource SDK, "Detecting resource information").
    ///
    /// Asked once, when telemetry starts: it is quick, does not fail, and returns an empty resource if it finds nothing.
    ///
    /// ```swift
    /// struct RegionDetector: Telemetry.ResourceDetector {
    ///     let name = "region"
    ///     func detect() -> Telemetry.Resource {
    ///         Telemetry.Resource(attributes: [.init("cloud.region", .string("eu-central-1"))])
    ///     }
    /// }
    /// configuration.detectors.append(RegionDetector())
    /// ```
    public protocol ResourceDetector: Sendable {
        /// A short name: `host`, `process`, `container`, …
        var name: String { get }
        /// What it found. Attributes of the semantic conventions come with their schema's URL.
        func detect() -> Resource
    }

    /// The version of the semantic conventions that the names of this SDK's attributes follow.
    public static let schemaURL = "https://opentelemetry.io/schemas/1.44.0"
}

extension [any Telemetry.ResourceDetector] {
    /// What the SDK brings: process, host (with its operating system) and container.
    public static var standard: Self {
        [Telemetry.ProcessDetector(), Telemetry.HostDetector(), Telemetry.ContainerDetector()]
    }

    /// What all of them found; where two found the same, the later counts.
    package func detect() -> Telemetry.Resource {
        reduce(Telemetry.Resource()) { $0.merging($1.detect()) }
    }
}

extension Telemetry.Resource {
    /// Attributes of the semantic conventions, those that are known.
    static func found(_ attributes: [(key: String, value: Telemetry.AttributeValue?)]) -> Self {
        let known = attributes.compactMap { pair in pair.value.map { Telemetry.Attribute(pair.key, $0) } }
        return Self(attributes: known, schemaURL: known.isEmpty ? "" : Telemetry.schemaURL)
    }
}

extension Telemetry.AttributeValue {
    /// `nil` for an empty text: nothing was found.
    static func text(_ text: (some StringProtocol)?) -> Self? {
        text.flatMap { $0.isEmpty ? nil : .string(String($0)) }
    }
}
