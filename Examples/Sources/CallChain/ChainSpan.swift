/// A span as the table and the check need it: flat, with the few attributes that they read.
package struct ChainSpan: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case call
        case client
        case server
        case other
    }

    /// `service.name` of the resource.
    package var service: String
    /// 32 lower-case hexadecimal digits.
    package var traceID: String
    /// 16 lower-case hexadecimal digits.
    package var spanID: String
    /// The parent's span id; `nil` for a root.
    package var parentID: String?
    package var name: String
    /// `call` is what spans of kind INTERNAL are in this chain.
    package var kind: Kind
    /// Nanoseconds since 1970-01-01 UTC.
    package var start: UInt64
    /// Nanoseconds since 1970-01-01 UTC; not before `start`.
    package var end: UInt64
    /// True if the span's status is an error.
    package var failed = false
    /// `error.type`.
    package var errorType: String?
    /// `http.request.resend_count`; it is left out for the first send.
    package var resendCount = 0
    /// How many sends the call took; `nil` if the span does not say.
    package var attempts: Int?

    package init(
        service: String, traceID: String, spanID: String, parentID: String?, name: String, kind: Kind,
        start: UInt64, end: UInt64
    ) {
        self.service = service
        self.traceID = traceID
        self.spanID = spanID
        self.parentID = parentID
        self.name = name
        self.kind = kind
        self.start = start
        self.end = max(start, end)
    }

    /// In milliseconds.
    package var milliseconds: Double { Double(end - start) / 1e6 }
}

/// A request as a server's socket saw it, before any application code.
package struct ReceivedRequest: Sendable, Hashable {
    package var service: String
    /// The value of the `traceparent` header; `nil` if the request had none, or more than one.
    package var traceparent: String?

    package init(service: String, traceparent: String?) {
        self.service = service
        self.traceparent = traceparent
    }

    /// Trace and span id of the header (W3C Trace Context §3.2); `nil` if it is not one.
    package var ids: (traceID: String, spanID: String)? {
        guard let parts = traceparent?.split(separator: "-", omittingEmptySubsequences: false), parts.count == 4,
            parts.map(\.utf8.count) == [2, 32, 16, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } })
        else { return nil }
        return (String(parts[1]), String(parts[2]))
    }
}
