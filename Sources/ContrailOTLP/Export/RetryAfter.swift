import ContrailBase

/// How long a receiver asks to be left alone (RFC 9110 §10.2.3).
package enum RetryAfter {
    /// The wait that a Retry-After field asks for, from seconds or a date; `nil` if it is neither. Never negative.
    ///
    /// A date is compared with the wall clock, `wallNanoseconds` since 1970-01-01 UTC.
    package static func delay(_ field: String, wallNanoseconds: Int64) -> Duration? {
        if !field.isEmpty, field.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than fit are no error, only a very long time.
            return .seconds(Int64(field) ?? .max)
        }
        let now = wallNanoseconds / 1_000_000_000
        guard let date = HTTPDate.seconds(field, now: now) else { return nil }
        return max(.zero, .seconds(date) - .nanoseconds(wallNanoseconds))
    }
}
