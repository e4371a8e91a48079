import ContrailTelemetry

extension TelemetryEnvironment {
    /// The names of OTEL_TRACES_SAMPLER that stand for something this SDK has.
    private enum SamplerName: String, CaseIterable {
        case alwaysOn = "always_on"
        case alwaysOff = "always_off"
        case ratio = "traceidratio"
        case parentBasedAlwaysOn = "parentbased_always_on"
        case parentBasedAlwaysOff = "parentbased_always_off"
        case parentBasedRatio = "parentbased_traceidratio"
    }

    static func sampler(_ reader: inout EnvironmentReader) -> Sampler? {
        guard let name = reader.choice(["OTEL_TRACES_SAMPLER"], SamplerName.self) else { return nil }
        return switch name {
        case .alwaysOn: .alwaysOn
        case .alwaysOff: .alwaysOff
        case .ratio: .ratio(ratio(&reader))
        case .parentBasedAlwaysOn: .parentBased(.alwaysOn)
        case .parentBasedAlwaysOff: .parentBased(.alwaysOff)
        case .parentBasedRatio: .parentBased(.ratio(ratio(&reader)))
        }
    }

    /// All traces, if it is not said or no good (SDK Environment Variables, "General SDK Configuration").
    private static func ratio(_ reader: inout EnvironmentReader) -> Double {
        reader.ratio("OTEL_TRACES_SAMPLER_ARG") ?? 1
    }

    /// What is said of spans stands before what is said of everything (OTel Common, "Attribute Limits").
    static func limits(_ reader: inout EnvironmentReader) -> Telemetry.SpanLimits? {
        let defaults = Telemetry.SpanLimits()
        var limits = defaults
        func number(_ names: String...) -> Int? {
            for name in names {
                if let number = reader.number(name, atLeast: 0) { return number }
            }
            return nil
        }
        let all = "OTEL_ATTRIBUTE_COUNT_LIMIT"
        limits.attributes = number("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", all) ?? limits.attributes
        limits.attributeValueLength = number(
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")
        limits.events = number("OTEL_SPAN_EVENT_COUNT_LIMIT") ?? limits.events
        limits.links = number("OTEL_SPAN_LINK_COUNT_LIMIT") ?? limits.links
        limits.attributesPerEvent = number("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT") ?? limits.attributesPerEvent
        limits.attributesPerLink = number("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT") ?? limits.attributesPerLink
        return limits == defaults ? nil : limits
    }
}
