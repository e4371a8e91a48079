import Contrail
import ContrailTesting
import Testing

/// A way in which a peer misbehaves, and what the client makes of it.
struct FaultCase: Sendable, CustomTestStringConvertible {
    enum Ending: Sendable, Equatable {
        /// The call fails with this code.
        case failure(String)
        /// The call has a response with this status.
        case response(Int)
    }

    var name: String
    var plan: FaultServer.Plan
    var ending: Ending
    /// `error.type` of the last CLIENT span.
    var errorType: String?
    /// The limit that ends it; `nil` if the fault does.
    var deadline: Duration?
    /// How many requests the server sees.
    var requests = 1
    var isTLS = false
    /// Another URL than the server's.
    var url: String?
    var isStreamed = false
    var uploads: String?
    /// The body of the request brings a few bytes and then nothing more.
    var isUploadPaused = false
    var configure: @Sendable (inout HTTPClient.Configuration) -> Void = { _ in }

    var testDescription: String { name }

    /// The fault ends the call.
    static func ends(
        _ name: String, _ plan: FaultServer.Plan, _ ending: Ending, errorType: String? = nil, requests: Int = 1
    ) -> Self {
        var type = errorType
        if case .failure(let code) = ending, errorType == nil { type = code }
        return FaultCase(name: name, plan: plan, ending: ending, errorType: type, requests: requests)
    }

    /// The call's own time ends it.
    static func outlasts(_ name: String, _ plan: FaultServer.Plan, requests: Int = 1) -> Self {
        var result = FaultCase(
            name: name, plan: plan, ending: .failure("deadline_exceeded"), errorType: "timeout", deadline: limit,
            requests: requests)
        result.configure = { $0.timeout = limit }
        return result
    }

    static let limit = Duration.milliseconds(250)

    func with(_ change: (inout Self) -> Void) -> Self {
        var result = self
        change(&result)
        return result
    }
}

extension FaultCase {
    static let all: [FaultCase] = connections + silences + resets + bodies + heads + redirects

    private static let connections: [FaultCase] = [
        .ends("refuse", .refuse, .failure("connect"), requests: 0),
        .ends("never accept", .neverAccept, .failure("connect_timeout"), requests: 0).with {
            $0.deadline = limit
            $0.configure = { $0.connectTimeout = limit }
        },
        .ends("TLS alert", .tlsAlert, .failure("tls_handshake"), requests: 0).with { $0.isTLS = true },
        .ends("TLS handshake hangs", .neverRead, .failure("connect_timeout"), requests: 0).with {
            $0.isTLS = true
            $0.deadline = limit
            $0.configure = { $0.connectTimeout = limit }
        },
        .ends("DNS failure", .ok, .failure("name_resolution"), requests: 0).with {
            $0.url = "http://no-such-host.invalid/"
        },
        .ends("stale kept-alive connection", .staleKeepAlive, .failure("stale_connection"), requests: 2).with {
            $0.uploads = "pay"
        },
    ]

    private static let silences: [FaultCase] = [
        .outlasts("accept and silence", .acceptAndSilence),
        .outlasts("accept and silence, attempt's limit", .acceptAndSilence).with {
            $0.ending = .failure("timeout")
            $0.configure = { $0.attemptTimeout = limit }
        },
        .outlasts("accept and silence, time to the head", .acceptAndSilence).with {
            $0.ending = .failure("head_timeout")
            $0.errorType = "head_timeout"
            $0.configure = { $0.timeToHeadTimeout = limit }
        },
        .outlasts("silence after the head", .silenceAfterHead),
        .outlasts("silence after the head, collected", .silenceAfterHead).with {
            $0.ending = .failure("idle_read_timeout")
            $0.errorType = "idle_read_timeout"
            $0.configure = { $0.idleReadTimeout = limit }
        },
        .outlasts("a peer that never reads", .neverRead, requests: 0).with {
            $0.ending = .failure("idle_write_timeout")
            $0.errorType = "idle_write_timeout"
            $0.uploads = String(repeating: "x", count: 32 << 20)
            $0.configure = { $0.idleWriteTimeout = limit }
        },
        .outlasts("silence after the head, streamed", .silenceAfterHead).with {
            $0.isStreamed = true
            $0.ending = .failure("idle_read_timeout")
            $0.errorType = "idle_read_timeout"
            $0.configure = { $0.idleReadTimeout = limit }
        },
        .outlasts("drip below the idle limit", .endlessDrip(interval: .milliseconds(20))).with {
            $0.configure = {
                $0.timeout = limit
                $0.idleReadTimeout = .milliseconds(200)
            }
        },
    ]

    private static let resets: [FaultCase] = [
        .ends("reset before the head", .reset(.beforeHead), .failure("connection_reset")),
        .ends("reset inside the head", .reset(.insideHead), .failure("connection_reset")),
        .ends("reset after the head", .reset(.afterHead), .failure("connection_reset")),
        .ends("reset inside the body", .reset(.insideBody), .failure("connection_reset")),
        .ends("close unanswered", .closeUnanswered, .failure("empty_reply")),
    ]

    private static let bodies: [FaultCase] = [
        .ends("short body", .shortBody, .failure("truncated_body")),
        .ends("over-long body", .overLongBody, .response(200)),
        .ends("missing last chunk", .missingLastChunk, .failure("truncated_body")),
        .ends("malformed chunk", .malformedChunk, .failure("protocol_violation")),
        .ends("bad gzip", .badGzip, .failure("bad_content_encoding")),
        .ends("gzip bomb", .gzipBomb(), .failure("decompression_bomb")),
        .ends("gzip bomb, streamed", .gzipBomb(), .failure("decompression_bomb")).with { $0.isStreamed = true },
        .ends("close while an upload is paused", .closeWhileUploadPaused, .failure("connection_reset")).with {
            $0.isUploadPaused = true
        },
    ]

    private static let heads: [FaultCase] = [
        .ends("300 kB of headers", .headers(bytes: 300_000), .failure("headers_too_large")),
        .ends("endless header", .endlessHeader, .failure("headers_too_large")),
        .ends("1xx flood", .interimFlood, .failure("protocol_violation")),
        .ends("NUL in a header", .nulInHeader, .failure("protocol_violation")),
        .ends("folded header", .foldedHeader, .response(200)),
        .ends("not HTTP", .notHTTP, .failure("protocol_violation")),
    ]

    private static let redirects: [FaultCase] = [
        .ends("redirect loop", .redirectLoop, .failure("too_many_redirects"), requests: 21).with {
            $0.errorType = nil
        },
        .ends("redirect to file:", .redirect(to: "file:///etc/passwd"), .failure("redirect_refused")).with {
            $0.errorType = nil
        },
    ]
}
