import ContrailBase
import ContrailCore
import ContrailTelemetry
import HTTPTypes

/// The attributes of a CLIENT span (semantic conventions 1.44, "HTTP client span"), and ours beside them
/// (docs/telemetry.md).
enum HTTPAttributes {
    /// Room for all that a span gets, so that its list never grows.
    private static let capacity = 20

    /// What is known when the send starts; the first four are what samplers may rely on.
    static func atStart(
        _ send: SendStart, _ headers: HTTPFields, _ settings: SpanSettings
    ) -> [Telemetry.Attribute] {
        var attributes: [Telemetry.Attribute] = []
        attributes.reserveCapacity(capacity)
        let method = send.method.rawValue
        let isKnown = settings.isKnown(send.method)
        let server = ServerAddress(send.url.origin, headers)
        attributes.append(.init("http.request.method", .string(isKnown ? method : "_OTHER")))
        attributes.append(.init("server.address", .string(server.host)))
        attributes.append(.init("server.port", .int(Int64(server.port))))
        attributes.append(.init("url.full", .string(settings.fullURL(send.url))))
        if !isKnown { attributes.append(.init("http.request.method_original", .string(method))) }
        if let template = send.urlTemplate { attributes.append(.init("url.template", .string(template))) }
        if send.ordinal > 0 { attributes.append(.init("http.request.resend_count", .int(Int64(send.ordinal)))) }
        attributes += settings.requestHeaders.attributes(of: headers)
        if !settings.optional.isEmpty { attributes += optionalAtStart(send, headers, settings.optional) }
        return attributes
    }

    private static func optionalAtStart(
        _ send: SendStart, _ headers: HTTPFields, _ wanted: HTTPClient.Configuration.Tracing.OptionalAttributes
    ) -> [Telemetry.Attribute] {
        var attributes: [Telemetry.Attribute] = []
        if wanted.contains(.scheme) {
            attributes.append(.init("url.scheme", .string(send.url.origin.scheme.rawValue)))
        }
        if wanted.contains(.userAgent), let agent = headers[.userAgent] {
            attributes.append(.init("user_agent.original", .string(agent)))
        }
        if wanted.contains(.syntheticTest) || wanted.contains(.syntheticBot) {
            let type = wanted.contains(.syntheticTest) ? "test" : "bot"
            attributes.append(.init("user_agent.synthetic.type", .string(type)))
        }
        return attributes
    }

    private static func optionalAtEnd(
        _ end: SendEnd, _ wanted: HTTPClient.Configuration.Tracing.OptionalAttributes
    ) -> [Telemetry.Attribute] {
        var attributes: [Telemetry.Attribute] = []
        if wanted.contains(.transport), end.summary.peerAddress != nil {
            let isQUIC = end.outcome.head?.version == .http3
            attributes.append(.init("network.transport", .string(isQUIC ? "quic" : "tcp")))
        }
        guard wanted.contains(.bodySizes) else { return attributes }
        if end.summary.requestBodyBytes > 0 {
            attributes.append(.init("http.request.body.size", .int(end.summary.requestBodyBytes)))
        }
        if end.outcome.head != nil {
            attributes.append(.init("http.response.body.size", .int(end.summary.responseBodyBytes)))
        }
        return attributes
    }

    /// What is known when the send is over; no key of ``atStart(_:_:_:)``.
    static func append(_ end: SendEnd, _ settings: SpanSettings, to attributes: inout [Telemetry.Attribute]) {
        if let head = end.outcome.head {
            attributes.append(.init("http.response.status_code", .int(Int64(head.status.code))))
            if let version = head.version {
                attributes.append(.init("network.protocol.version", .string(version.rawValue)))
            }
        }
        if let address = end.summary.peerAddress {
            attributes.append(.init("network.peer.address", .string(address)))
            if let port = end.summary.peerPort { attributes.append(.init("network.peer.port", .int(Int64(port)))) }
        }
        if let type = errorType(end.outcome) { attributes.append(.init("error.type", .string(type))) }
        if case .cancelled = end.outcome { attributes.append(.init("contrail.cancelled", .bool(true))) }
        if end.summary.wireSends > 0 {
            attributes.append(.init("contrail.connection.reused", .bool(end.summary.connectionReused)))
        }
        end.summary.forEachPhase { phase, nanoseconds in
            attributes.append(.init(phaseKey(phase), .double(Double(nanoseconds) / 1e9)))
        }
        if let head = end.outcome.head { attributes += settings.responseHeaders.attributes(of: head.headers) }
        if !settings.optional.isEmpty { attributes += optionalAtEnd(end, settings.optional) }
    }

    /// The status as text for a 4xx or 5xx, the failure's name otherwise; `nil` if it went well or was cancelled.
    static func errorType(_ outcome: SendOutcome) -> String? {
        switch outcome {
        case .response(let head): head.status.code >= 400 ? String(head.status.code) : nil
        case .failure(let error, _): error.kind.description
        // A caller that lets go of the body of a 404 has its answer all the same.
        case .cancelled(let head): head.flatMap { $0.status.code >= 400 ? String($0.status.code) : nil }
        }
    }

    private static func phaseKey(_ phase: SendSummary.Phase) -> String {
        switch phase {
        case .queue: "contrail.phase.queue"
        case .dns: "contrail.phase.dns"
        case .connect: "contrail.phase.connect"
        case .tls: "contrail.phase.tls"
        case .send: "contrail.phase.send"
        case .wait: "contrail.phase.wait"
        case .receive: "contrail.phase.receive"
        }
    }
}
