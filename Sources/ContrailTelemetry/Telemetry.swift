/// The namespace of the tracing SDK: `Telemetry.Tracer`, `Telemetry.Span`, `Telemetry.Resource`, …
public enum Telemetry {
    /// The version of this SDK, as `telemetry.sdk.version` and the exporter's `User-Agent` tell it.
    public static let sdkVersion = "0.1.0"
}
