public import ContrailBase

extension HTTPCall {
    /// The parts of a `multipart/form-data` body (RFC 7578), in order.
    ///
    /// ```swift
    /// var form = HTTPCall.MultipartForm()
    /// form.append(name: "title", text: "Holiday")
    /// try form.append(name: "photo", file: "/tmp/beach.jpg", contentType: "image/jpeg")
    /// let response = try await client.post(url, body: .multipart(form))
    /// ```
    /// Names and file names are escaped as browsers do it (WHATWG HTML, "multipart/form-data encoding algorithm"), so
    /// that none can end its header line.
    public struct MultipartForm: Sendable {
        /// What stands between the parts; must occur in none of them.
        public let boundary: String
        private(set) var parts: [Part] = []

        struct Part {
            let head: [UInt8]
            let body: WireBody
        }

        /// An empty form with a boundary of 128 random bits.
        public init(random: any RandomSource = SystemRandom()) {
            boundary = MultipartEncoding.boundary(random.next(), random.next())
        }

        /// An empty form with this boundary: 1 to 70 characters of those that RFC 2046 §5.1.1 allows; throws
        /// ``MultipartProblem`` for others. That it occurs in no part is the caller's to see to.
        public init(boundary: String) throws {
            guard MultipartEncoding.isBoundary(boundary) else { throw MultipartProblem.boundary }
            self.boundary = boundary
        }

        /// Adds a text field. Line breaks become CR LF, as in browsers.
        public mutating func append(name: String, text: String) {
            let head = MultipartEncoding.partHead(name: name, filename: nil, contentType: nil)
            add(head, WireBody(ByteChunk(MultipartEncoding.normalized(text))))
        }

        /// Adds bytes, with a file name if they are to be a file. Throws ``MultipartProblem`` if `contentType` has a
        /// control character.
        public mutating func append(
            name: String, bytes: ByteChunk, filename: String? = nil, contentType: String? = "application/octet-stream"
        ) throws {
            try append(name: name, body: Body(WireBody(bytes), contentType: contentType), filename: filename)
        }

        /// Adds a file. `filename` is what the server is told, by default the last component of the path. Throws as
        /// ``Body/file(_:offset:length:contentType:)``, and ``MultipartProblem`` if `contentType` has a control
        /// character.
        public mutating func append(
            name: String, file path: String, filename: String? = nil,
            contentType: String? = "application/octet-stream"
        ) throws {
            let filename = filename ?? path.split(separator: "/").last.map(String.init) ?? ""
            try append(name: name, body: .file(path, contentType: contentType), filename: filename)
        }

        /// Adds a body of any kind; a one-shot one makes the whole form one-shot. Throws ``MultipartProblem`` if its
        /// content type has a control character.
        public mutating func append(name: String, body: Body, filename: String? = nil) throws {
            if let contentType = body.contentType, !contentType.utf8.allSatisfy(MultipartEncoding.isHeaderByte) {
                throw MultipartProblem.contentType
            }
            add(
                MultipartEncoding.partHead(name: name, filename: filename, contentType: body.contentType), body.wire)
        }

        private mutating func add(_ head: [UInt8], _ body: WireBody) {
            parts.append(Part(head: Array("--\(boundary)\r\n".utf8) + head, body: body))
        }
    }

    /// A form cannot be sent as it is. The caller's.
    public enum MultipartProblem: Error, Sendable, Hashable, CustomStringConvertible {
        /// The boundary is not 1 to 70 characters of those that RFC 2046 §5.1.1 allows.
        case boundary
        /// A content type has a control character: it would be a header of its own.
        case contentType

        /// What is wrong, in a sentence.
        public var description: String {
            switch self {
            case .boundary: "The boundary must be 1 to 70 characters of those that RFC 2046 §5.1.1 allows."
            case .contentType: "The content type of a part has a control character."
            }
        }
    }
}

extension HTTPCall.Body {
    /// The parts of `form` (RFC 7578). The length is known if every part's is; can be sent again if every part can.
    public static func multipart(_ form: HTTPCall.MultipartForm) -> HTTPCall.Body {
        let parts = form.parts
        let end = Array("--\(form.boundary)--\r\n".utf8)
        let wire = WireBody(
            length: MultipartEncoding.length(parts, end: end), isReplayable: parts.allSatisfy(\.body.isReplayable)
        ) { sink in
            for part in parts {
                try await sink(ByteChunk(part.head))
                try await part.body.write(to: sink)
                try await sink(ByteChunk(MultipartEncoding.lineEnd))
            }
            try await sink(ByteChunk(end))
        }
        let boundary = MultipartEncoding.parameter(form.boundary)
        return HTTPCall.Body(wire, contentType: "multipart/form-data; boundary=\(boundary)")
    }
}
