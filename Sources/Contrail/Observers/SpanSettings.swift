import ContrailBase
import ContrailCore
import ContrailTelemetry
import HTTPTypes

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The settings of spans in the form in which every send asks for them; made once per client.
final class SpanSettings: Sendable {
    let detail: HTTPClient.Configuration.Tracing.Detail
    let optional: HTTPClient.Configuration.Tracing.OptionalAttributes
    let requestHeaders: CapturedHeaders
    let responseHeaders: CapturedHeaders
    private let redactedQueryParameters: Set<String>?
    /// A list, with the usual ones first: comparing two short strings costs a tenth of hashing one.
    private let knownMethods: [String]
    private let nameHook: (@Sendable (SendStart) -> String?)?

    private static let environmentsMethods = KnownMethods.of(ProcessInfo.processInfo.environment)

    init(_ tracing: HTTPClient.Configuration.Tracing, secretHeaders: [HTTPField.Name]) {
        let secret = Set(secretHeaders.map(\.canonicalName))
        detail = tracing.detail
        optional = tracing.optionalAttributes
        requestHeaders = CapturedHeaders(tracing.requestHeaders, prefix: "http.request.header.", secret: secret)
        responseHeaders = CapturedHeaders(tracing.responseHeaders, prefix: "http.response.header.", secret: secret)
        redactedQueryParameters = tracing.redactedQueryParameters
        knownMethods = Self.usualFirst(tracing.knownMethods ?? Self.environmentsMethods)
        nameHook = tracing.spanName
    }

    private static func usualFirst(_ methods: Set<String>) -> [String] {
        let usual = ["GET", "POST", "PUT", "DELETE"].filter(methods.contains)
        return usual + methods.subtracting(usual).sorted()
    }

    func isKnown(_ method: HTTPRequest.Method) -> Bool { knownMethods.contains(method.rawValue) }

    /// `url.full`, without secrets.
    func fullURL(_ url: RequestURL) -> String {
        redactedQueryParameters.map { Redaction.url(url.text, only: $0) } ?? url.description
    }

    /// The CLIENT span's name.
    func name(_ send: SendStart) -> String {
        if let name = nameHook?(send), !name.isEmpty { return name }
        return name(send.method, send.urlTemplate)
    }

    /// The method, and the template if the caller gave one; never the path.
    func name(_ method: HTTPRequest.Method, _ template: String?) -> String {
        let name = isKnown(method) ? method.rawValue : "HTTP"
        return template.map { "\(name) \($0)" } ?? name
    }
}
