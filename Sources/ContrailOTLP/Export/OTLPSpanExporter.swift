package import ContrailBase
package import ContrailCore
package import ContrailTelemetry
package import HTTPTypes

/// Posts spans to an OTLP receiver, as protobuf over HTTP.
///
/// It owns its transport, which must be a bare one: a traced transport would make spans of the export of spans.
package final class OTLPSpanExporter: Telemetry.SpanExporter {
    /// What can be set.
    package struct Settings: Sendable {
        /// Where to post to, with the path.
        package var endpoint: RequestURL
        /// Fields to add. Those that describe the message itself (Content-Type, Content-Length, …) are ours and are
        /// ignored.
        package var headers: HTTPFields
        /// How the body is written. Default protobuf.
        package var encoding = OTLP.Encoding.protobuf
        /// Whether the body is compressed. Default false.
        package var compresses = false
        /// The time for one batch, retries included. Default 10 s; zero is no limit.
        package var timeout: Duration = .seconds(10)
        /// The largest body that is sent, before compression; a larger batch is dropped. Default 64 MiB (OTLP Exporter,
        /// "Max Request Size").
        package var maxRequestBytes = 64 << 20
        /// The largest response that is read. Default 4 MiB (OTLP Exporter, "Max Response Size").
        package var maxResponseBytes = 4 << 20
        /// When to send again.
        package var retry = ExportAttempts.Policy()

        package init(endpoint: RequestURL, headers: HTTPFields = [:]) {
            self.endpoint = endpoint
            self.headers = headers
        }
    }

    /// OTLP Exporter, "User Agent".
    package static let userAgent = "OTel-OTLP-Exporter-Swift/\(Telemetry.sdkVersion)"

    private let transport: any Transport
    private let settings: Settings
    private let headers: HTTPFields
    private let time: any TimeSource
    private let random: any RandomSource
    private let isShutDown = Locked(false)

    package init(
        transport: any Transport, settings: Settings, time: any TimeSource = SystemTime(),
        random: any RandomSource = SystemRandom()
    ) {
        self.transport = transport
        self.settings = settings
        self.time = time
        self.random = random
        headers = Self.headers(settings)
    }

    package func export(_ spans: [Telemetry.SpanData], resource: Telemetry.Resource) async -> Telemetry.ExportResult {
        // OTLP, "Empty Telemetry Envelopes": nothing is sent for nothing.
        guard !spans.isEmpty else { return Telemetry.ExportResult() }
        guard !isShutDown.withLock({ $0 }) else { return .lost(spans.count, "the exporter is shut down") }
        let deadline = settings.timeout > .zero ? time.now + settings.timeout : nil
        do {
            let body = try encode(spans, resource)
            return await deliver(body, spanCount: spans.count, deadline: deadline)
        } catch {
            let problem =
                "the batch has \(error.bytes) bytes, more than the limit of \(error.limitBytes); it was not sent"
            return .lost(spans.count, problem)
        }
    }

    package func shutdown() async {
        isShutDown.withLock { $0 = true }
        await transport.shutdown()
    }

    private func encode(
        _ spans: [Telemetry.SpanData], _ resource: Telemetry.Resource
    ) throws(OTLP.TooLargeError) -> ByteChunk {
        switch settings.encoding {
        case .protobuf: try OTLP.encode(spans, resource: resource, maxBytes: settings.maxRequestBytes)
        case .json: try OTLP.encodeJSON(spans, resource: resource, maxBytes: settings.maxRequestBytes)
        }
    }

    /// Sends until it is delivered, refused, or out of time.
    private func deliver(_ body: ByteChunk, spanCount: Int, deadline: MonotonicInstant?) async -> Telemetry.ExportResult
    {
        var request = WireRequest(
            method: .post, url: settings.endpoint, headers: headers, body: WireBody(body), deadline: deadline)
        // A body that cannot be compressed goes out as it is.
        if settings.compresses, let compressed = Gzip.compress(body) {
            request.body = WireBody(compressed)
            request.headers[.contentEncoding] = "gzip"
        }
        if settings.timeout > .zero { request.connectTimeout = min(request.connectTimeout, settings.timeout) }
        var attempts = ExportAttempts(policy: settings.retry, deadline: deadline)
        while true {
            let answer = await send(request)
            switch attempts.next(after: answer.outcome, now: time.now, chance: random.unit()) {
            case .delivered:
                return answer.result(of: spanCount)
            case .retry(at: let instant):
                do {
                    try await time.sleep(until: instant)
                } catch {
                    return attempts.result(of: spanCount, problem: problem(answer, attempts, "cancelled"))
                }
            case .giveUp:
                return attempts.result(of: spanCount, problem: problem(answer, attempts, nil))
            case .outOfTime:
                return attempts.result(of: spanCount, problem: problem(answer, attempts, "no time left to try again"))
            }
        }
    }

    private func send(_ request: WireRequest) async -> ExportAnswer {
        do {
            let mode = BodyMode.buffered(maxBytes: settings.maxResponseBytes)
            return ExportAnswer(try await transport.send(request, mode: mode), wallNanoseconds: time.wallNanoseconds)
        } catch let error as TransportError {
            return ExportAnswer(error)
        } catch {
            // The contract leaves CancellationError only.
            return .cancelled
        }
    }

    private func problem(_ answer: ExportAnswer, _ attempts: ExportAttempts, _ end: String?) -> String {
        let tries = attempts.count == 1 ? "" : " (attempt \(attempts.count))"
        return "\(settings.endpoint.origin): \(answer.description)\(tries)\(end.map { "; \($0)" } ?? "")"
    }

    private static func headers(_ settings: Settings) -> HTTPFields {
        var fields = HTTPFields()
        for field in settings.headers where !reserved.contains(field.name) { fields.append(field) }
        fields[.contentType] = settings.encoding.rawValue
        if fields[.userAgent] == nil { fields[.userAgent] = userAgent }
        return fields
    }

    /// What the exporter or the transport says about the message itself.
    private static let reserved: Set<HTTPField.Name> = [
        .contentType, .contentLength, .contentEncoding, .transferEncoding, .connection,
    ]
}

extension Telemetry.ExportResult {
    fileprivate static func lost(_ count: Int, _ problem: String) -> Self { Self(dropped: count, problem: problem) }
}

extension ExportAttempts {
    /// The fate of a batch that was not delivered.
    fileprivate func result(of spanCount: Int, problem: String) -> Telemetry.ExportResult {
        mayHaveArrived
            ? Telemetry.ExportResult(unknown: spanCount, problem: problem)
            : Telemetry.ExportResult(dropped: spanCount, problem: problem)
    }
}
