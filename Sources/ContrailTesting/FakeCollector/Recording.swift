public import ContrailBase
import HTTPTypes

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Requests as a ``FakeCollector`` received them, body for body: to keep in a file, and to send again.
///
/// Of the header fields only those that describe the body are kept; credentials do not get into files.
public struct Recording: Sendable, Hashable {
    /// One request.
    public struct Request: Sendable, Hashable {
        /// The path it was sent to.
        public var path: String
        /// Its Content-Type; empty if it had none.
        public var contentType: String
        /// Its Content-Encoding; empty if it had none.
        public var contentEncoding: String
        /// The body, raw.
        public var body: ByteChunk

        /// A request.
        public init(path: String, contentType: String, contentEncoding: String = "", body: ByteChunk) {
            self.path = path
            self.contentType = contentType
            self.contentEncoding = contentEncoding
            self.body = body
        }
    }

    /// The requests, in the order they came.
    public var requests: [Request]

    /// A recording of these requests.
    public init(requests: [Request] = []) { self.requests = requests }

    /// Reads a file that ``write(to:)`` wrote. Throws if it cannot be read, or is no such file.
    public init(contentsOf path: String) throws {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        requests = try text.split(separator: "\n").map { line in
            let read = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            return Request(
                path: read.path, contentType: read.contentType, contentEncoding: read.contentEncoding,
                body: ByteChunk(read.body))
        }
    }

    /// Writes a file, in place of what is there: a line of JSON per request, the body in base64.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var file = Data()
        for request in requests {
            let line = Line(
                path: request.path, contentType: request.contentType, contentEncoding: request.contentEncoding,
                body: Data(request.body))
            file += try encoder.encode(line) + Data("\n".utf8)
        }
        try file.write(to: URL(fileURLWithPath: path))
    }

    private struct Line: Codable {
        var path: String
        var contentType: String
        var contentEncoding: String
        var body: Data
    }
}

extension FakeCollector {
    /// The requests so far, to keep or to send again.
    public var recording: Recording {
        Recording(
            requests: requests.filter { $0.method == "POST" }.map {
                Recording.Request(
                    path: $0.path, contentType: $0.headers[.contentType] ?? "",
                    contentEncoding: $0.headers[.contentEncoding] ?? "", body: $0.body)
            })
    }
}
