public import ContrailBase
import HTTPTypes

/// A value for the Idempotency-Key field: the server acts once on all requests that carry the same one.
///
/// The field makes a POST or PATCH repeatable for this client; it is only true if the API knows the field.
/// Keep the key with the job, not with the call, to be safe also across calls and restarts.
public struct IdempotencyKey: Sendable, Hashable, CustomStringConvertible {
    /// The field's value.
    public let description: String

    /// A random UUID (version 4, RFC 9562 §5.4), the form that the field's draft recommends. `random`: where chance comes
    /// from; by default the system.
    public static func random(from random: some RandomSource = SystemRandom()) -> IdempotencyKey {
        var bits = [random.next(), random.next()]
        bits[0] = bits[0] & ~0xF000 | 0x4000
        bits[1] = bits[1] & ~(0b11 << 62) | (0b10 << 62)
        let digits = bits.flatMap { word in (0..<16).map { word >> (60 - 4 * UInt64($0)) & 0xF } }
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text += String(digit, radix: 16)
        }
        return IdempotencyKey(description: text)
    }

    /// draft-ietf-httpapi-idempotency-key-header §2.1
    static let field = HTTPField.Name("Idempotency-Key")
}

extension HTTPCall.Request {
    /// This request with an Idempotency-Key of its own, unless it has one: all sends of its calls carry the same one.
    ///
    /// Sent bare, as the APIs in use read it; the draft would have it quoted.
    public func withIdempotencyKey(_ key: IdempotencyKey = .random()) -> Self {
        guard let field = IdempotencyKey.field, !headers.contains(field) else { return self }
        var request = self
        request.headers[field] = key.description
        return request
    }
}
