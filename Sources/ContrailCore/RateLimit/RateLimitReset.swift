import ContrailBase

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// When a quota is whole again: servers write it in four ways.
enum RateLimitReset {
    /// Numbers from here on (2024-01-01) are moments, not spans: nobody has to wait for 54 years.
    private static let firstEpoch = 1_704_067_200.0

    /// The wait that `text` means: seconds; seconds or milliseconds since 1970; `6m0s`, `20ms`; an RFC 3339 moment.
    /// `nil` if it is none of them; a moment that is over is no wait.
    static func delay(_ text: String, wallNanoseconds: Int64) -> Duration? {
        guard text.utf8.count <= 40, let first = text.utf8.first, (0x30...0x39).contains(first) else { return nil }
        let now = Double(wallNanoseconds) / 1e9
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }) {
            return Double(text).map {
                span($0 >= firstEpoch * 1000 ? $0 / 1000 - now : $0 >= firstEpoch ? $0 - now : $0)
            }
        }
        return units(text).map(span) ?? moment(text).map { span($0 - now) }
    }

    private static func span(_ seconds: Double) -> Duration {
        .nanoseconds(Int64(min(max(seconds, 0), 1e9) * 1e9))
    }

    /// `1h2m3.5s`, `20ms`, in seconds.
    private static func units(_ text: String) -> Double? {
        var seconds = 0.0
        var rest = Substring(text)
        while !rest.isEmpty {
            let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let factor = factors[String(unit)] else { return nil }
            seconds += value * factor
        }
        return seconds
    }

    private static let factors: [String: Double] = [
        "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9,
    ]

    /// RFC 3339, in seconds since 1970.
    private static func moment(_ text: String) -> Double? {
        let date =
            (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        return date?.timeIntervalSince1970
    }
}
