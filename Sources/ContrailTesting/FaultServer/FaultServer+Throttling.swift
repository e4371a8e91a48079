extension FaultServer.Plan {
    // MARK: Servers that ask for patience

    /// A status with `Retry-After` in seconds (RFC 9110 §10.2.3).
    public static func retryAfter(_ seconds: Int, status: Int = 503) -> Self {
        self.status(status, headers: "Retry-After: \(seconds)\r\n")
    }

    /// A status with `Retry-After` as it is given: a date, or nonsense.
    public static func retryAfter(_ value: String, status: Int = 503) -> Self {
        self.status(status, headers: "Retry-After: \(value)\r\n")
    }

    /// How a service tells that its limit is reached.
    public enum RateLimitStyle: Sendable {
        /// `Retry-After` only.
        case retryAfter
        /// As the HTTP APIs of language models do: `Retry-After`, `retry-after-ms`, `x-ratelimit-…` and a JSON error.
        case modelAPI
        /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-08), and `Retry-After`.
        case rateLimitFields
    }

    /// 429, and how long to wait. Put an answer behind it: `.first(2, .rateLimited(…), then: .ok)`.
    public static func rateLimited(retryAfter delay: Duration, style: RateLimitStyle = .modelAPI) -> Self {
        let milliseconds = delay.components.seconds * 1000 + delay.components.attoseconds / 1_000_000_000_000_000
        let seconds = (milliseconds + 999) / 1000
        let retryAfter = "Retry-After: \(seconds)\r\n"
        switch style {
        case .retryAfter:
            return status(429, headers: retryAfter)
        case .rateLimitFields:
            return status(
                429,
                headers: retryAfter + "RateLimit: \"default\";r=0;t=\(seconds)\r\n"
                    + "RateLimit-Policy: \"default\";q=60;w=60\r\n")
        case .modelAPI:
            let fields = [
                "Content-Type: application/json", "retry-after-ms: \(milliseconds)", "x-ratelimit-limit-requests: 60",
                "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: \(milliseconds)ms",
            ]
            return status(
                429, headers: retryAfter + fields.map { "\($0)\r\n" }.joined(),
                body: #"{"error":{"type":"rate_limit_error","message":"Rate limit reached."}}"#)
        }
    }
}
