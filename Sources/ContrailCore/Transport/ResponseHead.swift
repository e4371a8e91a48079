public import HTTPTypes

/// Status, version and header fields of a response.
public struct ResponseHead: Sendable {
    /// The protocol version the response came in.
    public enum Version: String, Sendable, Hashable {
        /// HTTP/1.0
        case http10 = "1.0"
        /// HTTP/1.1
        case http11 = "1.1"
        /// HTTP/2
        case http2 = "2"
        /// HTTP/3
        case http3 = "3"
    }

    /// The status code, 100 to 999, with the reason phrase if there was one.
    public var status: HTTPResponse.Status
    /// The version; `nil` if the transport does not know it.
    public var version: Version?
    /// The header fields in the order they came.
    public var headers: HTTPFields { source.fields }
    /// The coding in which the body came, if the transport has decoded it (``ContentDecoding``): the Content-Encoding that
    /// is no longer in ``headers``. `nil`: the body is as it came.
    public var decodedFrom: String? { source.decodedFrom }

    private let source: any HeaderSource

    /// A head from fields that are there already.
    public init(status: HTTPResponse.Status, version: Version? = nil, headers: HTTPFields) {
        self.init(status: status, version: version, source: ParsedHeaders(fields: headers))
    }

    /// A head whose fields are parsed when first asked for: most callers never ask for most of them.
    package init(status: HTTPResponse.Status, version: Version?, source: any HeaderSource) {
        self.status = status
        self.version = version
        self.source = source
    }
}

/// Header fields that may still be raw bytes. A class, so that a head costs little to copy.
package protocol HeaderSource: AnyObject, Sendable {
    var fields: HTTPFields { get }
    var decodedFrom: String? { get }
}

private final class ParsedHeaders: HeaderSource {
    let fields: HTTPFields
    let decodedFrom: String? = nil

    init(fields: HTTPFields) { self.fields = fields }
}
