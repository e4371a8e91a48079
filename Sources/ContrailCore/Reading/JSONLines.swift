#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HTTPCall {
    /// The values of a body that has a JSON text on each line (newline-delimited JSON), as they come. One iteration by
    /// one task; dropping it gives up the body.
    ///
    /// A line ends with LF; a CR before it is white space to JSON. Empty lines are left out. The last line needs no ending.
    public struct JSONLines<Value: Decodable & Sendable>: AsyncSequence, Sendable {
        let body: BodyStream
        let maxLineBytes: Int
        let makeDecoder: @Sendable () -> JSONDecoder

        /// Iterates the values.
        public func makeAsyncIterator() -> Iterator {
            Iterator(lines: LineReader(body, .lineFeed, maxLineBytes: maxLineBytes), decoder: makeDecoder())
        }

        /// Takes the values one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate var lines: LineReader
            fileprivate let decoder: JSONDecoder

            /// The next value, or `nil` at the end. Throws ``ClientError``, of code `decoding` with the number of the line
            /// in it, or `line_too_long` at the limit, or `CancellationError`. After an error there is nothing more.
            public mutating func next() async throws -> Value? {
                while let line = try await lines.next() {
                    guard !line.allSatisfy(Self.isSpace) else { continue }
                    do {
                        return try decoder.decode(Value.self, from: Data(line))
                    } catch {
                        throw lines.fail(
                            .decoding, "Line \(lines.line) is no \(Value.self).", cause: error, line: lines.line)
                    }
                }
                return nil
            }

            /// As ``next()``, on the caller's actor: a `for` loop asks here.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Value? {
                try await next()
            }

            private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        }
    }
}
