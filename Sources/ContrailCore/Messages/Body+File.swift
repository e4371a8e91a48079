#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension HTTPCall.Body {
    /// A file, or the part of it from `offset` on, `length` bytes long; `nil`: to its end, as it is now.
    ///
    /// Throws ``HTTPCall/FileProblem`` if the file cannot be opened, is no regular file, or has no such part. It is
    /// opened again for each send and read in pieces of 256 kB on threads made for that, never on those of tasks. If it
    /// is shorter by then, the send fails with `request_body_length`.
    public static func file(
        _ path: String, offset: Int64 = 0, length: Int64? = nil, contentType: String? = "application/octet-stream"
    ) throws -> HTTPCall.Body {
        let file = try FileSource(path: path, offset: offset, length: length)
        let wire = WireBody(length: file.length, isReplayable: true) { try await file.write(to: $0) }
        return HTTPCall.Body(wire, contentType: contentType)
    }
}

extension HTTPCall {
    /// A file cannot be read or written. The caller's, or the machine's.
    public struct FileProblem: Error, Sendable, Hashable, CustomStringConvertible {
        /// The file.
        public let path: String
        /// What is wrong, in a sentence with the path.
        public let description: String
        /// The system's error number; `nil` if the system had no objection.
        public let errorNumber: Int32?

        init(_ path: String, _ problem: String) {
            self.path = path
            description = "The file \(path) \(problem)."
            errorNumber = nil
        }

        /// True if there was no room for it: a full disk or a used-up quota.
        public var isDiskFull: Bool { errorNumber == ENOSPC || errorNumber == EDQUOT }

        init(_ path: String, errorNumber: Int32, verb: StaticString = "read") {
            self.path = path
            // SAFETY: strerror returns a string that stays valid until the thread's next call; it is copied at once.
            description = "The file \(path) cannot be \(verb): \(unsafe String(cString: strerror(errorNumber)))."
            self.errorNumber = errorNumber
        }
    }
}
