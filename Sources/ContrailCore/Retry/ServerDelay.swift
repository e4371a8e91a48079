import ContrailBase
import HTTPTypes

/// How long the server that sent a response asks to be left alone, and in which field it did.
struct ServerDelay: Equatable {
    let delay: Duration
    let source: RetryDelaySource

    /// Reads `retry-after-ms` first, the most exact, then Retry-After, then the fields of rate limits: of these the
    /// longest wait among the quotas that are used up. `nil` if there is none that can be read.
    ///
    /// Two lines of a field: the first that can be read counts. Dates are measured against the response's Date.
    static func read(_ headers: HTTPFields, wallNanoseconds: Int64) -> ServerDelay? {
        func now() -> Int64 { serverTime(headers, wallNanoseconds: wallNanoseconds) }
        for field in headers where field.name.canonicalName == "retry-after-ms" {
            guard let delay = RetryAfter.delay(milliseconds: field.value) else { continue }
            return ServerDelay(delay: delay, source: .retryAfter)
        }
        for text in headers[values: .retryAfter] {
            guard let delay = RetryAfter.delay(text, wallNanoseconds: now()) else { continue }
            return ServerDelay(delay: delay, source: .retryAfter)
        }
        let resets = RateLimitReport.read(headers, wallNanoseconds: now()).filter { $0.remaining == 0 }
        return resets.compactMap(\.reset).max().map { ServerDelay(delay: $0, source: .rateLimit) }
    }

    /// What time it was at the server, as far as can be told: its Date, else our wall clock. In nanoseconds since 1970.
    static func serverTime(_ headers: HTTPFields, wallNanoseconds: Int64) -> Int64 {
        guard let text = headers[.date], let date = HTTPDate.seconds(text, now: wallNanoseconds / 1_000_000_000),
            abs(date) < Int64.max / 1_000_000_000
        else { return wallNanoseconds }
        return date * 1_000_000_000
    }
}

/// Why the wait before another send is as long as it is.
public enum RetryDelaySource: String, Sendable, Hashable {
    /// The policy's back-off.
    case backOff = "backoff"
    /// The server said so: Retry-After or `retry-after-ms`.
    case retryAfter = "retry_after"
    /// The server's quota is used up until then.
    case rateLimit = "rate_limit"
    /// A connection that died while idle: at once.
    case transparent
    /// The policy's own function.
    case policy
}
