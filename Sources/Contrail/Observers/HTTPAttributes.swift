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
    static func atStart(_ send: SendStart) -> [Telemetry.Attribute] {
        var attributes: [Telemetry.Attribute] = []
        attributes.reserveCapacity(capacity)
        let method = send.method.rawValue
        let isKnown = knownMethods.contains(method)
        attributes.append(.init("http.request.method", .string(isKnown ? method : "_OTHER")))
        attributes.append(.init("server.address", .string(send.url.origin.host)))
        attributes.append(.init("server.port", .int(Int64(send.url.origin.port))))
        attributes.append(.init("url.full", .string(send.url.description)))
        if !isKnown { attributes.append(.init("http.request.method_original", .string(method))) }
        if let template = send.urlTemplate { attributes.append(.init("url.template", .string(template))) }
        if send.ordinal > 0 { attributes.append(.init("http.request.resend_count", .int(Int64(send.ordinal)))) }
        return attributes
    }

    /// What is known when the send is over.
    static func atEnd(_ end: SendEnd) -> [Telemetry.Attribute] {
        var attributes: [Telemetry.Attribute] = []
        attributes.reserveCapacity(12)
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
        for (phase, duration) in end.summary.phases {
            attributes.append(.init(phaseKey(phase), .double(duration.inSeconds)))
        }
        return attributes
    }

    /// The span's name: the method, and the template if the caller gave one; never the path.
    static func spanName(_ method: HTTPRequest.Method, _ template: String?) -> String {
        let name = knownMethods.contains(method.rawValue) ? method.rawValue : "HTTP"
        return template.map { "\(name) \($0)" } ?? name
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

    /// Compared as they are: methods are case-sensitive (RFC 9110 §9.1).
    private static let knownMethods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
    ]

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
