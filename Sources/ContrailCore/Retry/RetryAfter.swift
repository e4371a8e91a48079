import ContrailBase

/// How long a server asks to be left alone (RFC 9110 §10.2.3).
package enum RetryAfter {
    /// The wait that a Retry-After field asks for, from seconds or a date; `nil` if it is neither. Never negative.
    ///
    /// A date is compared with `wallNanoseconds` since 1970-01-01 UTC: the response's own Date where there is one, so
    /// that two clocks that differ do no harm, else the wall clock.
    package static func delay(_ field: String, wallNanoseconds: Int64) -> Duration? {
        if !field.isEmpty, field.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than fit are no error, only a very long time.
            return .seconds(Int64(field) ?? .max)
        }
        let now = wallNanoseconds / 1_000_000_000
        guard let date = HTTPDate.seconds(field, now: now) else { return nil }
        return max(.zero, .seconds(date) - .nanoseconds(wallNanoseconds))
    }

    /// The wait of a `retry-after-ms` field, milliseconds with or without a fraction, as AI APIs send it; `nil` if it is
    /// no such number.
    static func delay(milliseconds field: String) -> Duration? {
        let isNumber = field.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
        guard isNumber, field.utf8.count <= 32, let value = Double(field) else { return nil }
        return .nanoseconds(Int64(min(value * 1_000_000, 0x1p62)))
    }
}
