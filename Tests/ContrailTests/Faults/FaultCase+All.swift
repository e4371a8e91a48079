import Contrail
import ContrailBase
import ContrailTestSupport
import ContrailTesting

extension FaultCase {
    static let all: [FaultCase] = connections + silences + resets + bodies + heads + answers

    private static let connections: [FaultCase] = [
        .keepsAway("refuse", .refuse, "connect"),
        .keepsAway("never accept", .neverAccept, "connect_timeout").with {
            $0.deadline = limit
            $0.configure = { $0.connectTimeout = limit }
        },
        .keepsAway("TLS alert", .tlsAlert, "tls_handshake").with { $0.isTLS = true },
        .keepsAway("TLS handshake hangs", .neverRead, "connect_timeout").with {
            $0.isTLS = true
            $0.deadline = limit
            $0.configure = { $0.connectTimeout = limit }
        },
        .keepsAway("DNS failure", .ok, "name_resolution").with { $0.url = "http://no-such-host.invalid/" },
        .ends(
            "stale kept-alive connection", .staleKeepAlive, .failure("stale_connection"), again: .ifRepeatableOnce,
            requests: 2
        ).with { $0.uploads = "pay" },
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
        .outlasts("silence after the head, streamed", .silenceAfterHead, again: .never).with {
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
        .ends("over-long body", .overLongBody, .response(200), again: .never),
        .ends("missing last chunk", .missingLastChunk, .failure("truncated_body")),
        .ends("malformed chunk", .malformedChunk, .failure("protocol_violation")),
        .ends("bad gzip", .badGzip, .failure("bad_content_encoding")),
        .ends("gzip bomb", .gzipBomb(), .failure("decompression_bomb"), again: .never),
        .ends("gzip bomb, streamed", .gzipBomb(), .failure("decompression_bomb"), again: .never).with {
            $0.isStreamed = true
        },
        .ends("close while an upload is paused", .closeWhileUploadPaused, .failure("connection_reset")).with {
            $0.isUploadPaused = true
        },
    ]

    private static let heads: [FaultCase] = [
        .ends("300 kB of headers", .headers(bytes: 300_000), .failure("headers_too_large"), again: .never),
        .ends("endless header", .endlessHeader, .failure("headers_too_large"), again: .never),
        .ends("1xx flood", .interimFlood, .failure("protocol_violation")),
        .ends("NUL in a header", .nulInHeader, .failure("protocol_violation")),
        .ends("folded header", .foldedHeader, .response(200), again: .never),
        .ends("not HTTP", .notHTTP, .failure("protocol_violation")),
    ]

    private static let answers: [FaultCase] = [
        .ends("redirect loop", .redirectLoop, .failure("too_many_redirects"), again: .never, requests: 21).with {
            $0.errorType = nil
        },
        .ends("redirect to file:", .redirect(to: "file:///etc/passwd"), .failure("redirect_refused"), again: .never)
            .with { $0.errorType = nil },
        .ends("500", .status(500), .response(500), errorType: "500"),
        .ends("501", .status(501), .response(501), errorType: "501", again: .never),
        .ends("503, come back at once", .retryAfter(0), .response(503), errorType: "503"),
        .ends("429 of a model's API", .rateLimited(retryAfter: .zero), .response(429), errorType: "429"),
        .ends(
            "429, rate limit fields", .rateLimited(retryAfter: .zero, style: .rateLimitFields), .response(429),
            errorType: "429"),
        .ends("an answer before the upload is through", .earlyAnswer(503), .response(503), errorType: "503").with {
            $0.uploads = String(repeating: "x", count: 32 << 20)
        },
    ]
}

extension FaultCase {
    /// Faults of the whole process, which only one that runs nothing else can have.
    static let withoutDescriptors = FaultCase.keepsAway("no descriptor left", .ok, "local_resources").with {
        $0.configure = { $0.sendMiddleware = [WithoutDescriptors()] }
    }

    /// Only where ``SlowNames/areReplaced``.
    static let hangingLookUp = FaultCase.keepsAway("a look-up that hangs", .ok, "connect_timeout").with {
        $0.url = "http://slow.test/fault"
        $0.deadline = limit
        $0.configure = { $0.connectTimeout = limit }
    }

    /// Takes all descriptors away from the process while sends to the fault's path are made.
    final class WithoutDescriptors: HTTPMiddleware {
        private let left: Locked<Int>

        /// The first so many sends go without.
        init(sends: Int = .max) { left = Locked(sends) }

        func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
            guard request.url.path == "/fault", takeOne() else { return try await next(request) }
            let before = ProcessCount.setDescriptorLimit(3)
            defer { _ = ProcessCount.setDescriptorLimit(before) }
            return try await next(request)
        }

        private func takeOne() -> Bool {
            left.withLock { left in
                left -= 1
                return left >= 0
            }
        }
    }
}
