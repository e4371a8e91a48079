extension HTTPCall {
    /// The lines of a body as text, as they come. One iteration by one task; dropping it gives up the body.
    ///
    /// A line ends with LF, CRLF, or CR alone; endings are not part of it. The last line needs none. UTF-8, wherever the
    /// chunks were cut; what is not valid becomes U+FFFD. A byte order mark at the beginning is left out.
    public struct Lines: AsyncSequence, Sendable {
        let body: BodyStream
        let maxLineBytes: Int

        /// Iterates the lines.
        public func makeAsyncIterator() -> Iterator {
            Iterator(lines: LineReader(body, .any, maxLineBytes: maxLineBytes))
        }

        /// Takes the lines one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate var lines: LineReader

            /// The next line, or `nil` at the end. Throws ``ClientError``, of code `line_too_long` at the limit, or
            /// `CancellationError`.
            public mutating func next() async throws -> String? {
                try await lines.next().map { String(decoding: $0, as: UTF8.self) }
            }

            /// As ``next()``, on the caller's actor: a `for` loop asks here.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws -> String? {
                try await next()
            }
        }
    }
}
