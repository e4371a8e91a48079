public import ContrailBase

extension Telemetry.Resource {
    /// What every resource of this SDK says: the service, one instance of it, and the SDK itself.
    ///
    /// - Parameters:
    ///   - serviceName: the service; `nil` or empty stands for `unknown_service:<executable>`.
    ///   - executable: the name of the program, for that case; may be `nil`.
    ///   - random: draws the instance's id, a UUID of version 4.
    public static func `default`(
        serviceName: String?, executable: String? = nil, random: any RandomSource = SystemRandom()
    ) -> Self {
        let attributes: [Telemetry.Attribute] = [
            .init("service.name", .string(name(serviceName, executable: executable))),
            .init("service.instance.id", .string(randomUUID(random))),
            // "opentelemetry" is reserved for the project's own SDKs (semantic conventions, "telemetry.sdk").
            .init("telemetry.sdk.name", .string("contrail")),
            .init("telemetry.sdk.language", .string("swift")),
            .init("telemetry.sdk.version", .string(Telemetry.sdkVersion)),
        ]
        return Self(attributes: attributes, schemaURL: Telemetry.schemaURL)
    }

    private static func name(_ serviceName: String?, executable: String?) -> String {
        if let serviceName, !serviceName.isEmpty { return serviceName }
        guard let executable, !executable.isEmpty else { return "unknown_service" }
        return "unknown_service:\(executable)"
    }

    /// 122 random bits, and the six that say so (RFC 9562 §5.4).
    private static func randomUUID(_ random: any RandomSource) -> String {
        let high = random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = Telemetry.TraceID(bits: high, low).description
        let ends = [8, 12, 16, 20, 32]
        return zip([0] + ends, ends).map { start, end in
            String(digits.dropFirst(start).prefix(end - start))
        }.joined(separator: "-")
    }
}
