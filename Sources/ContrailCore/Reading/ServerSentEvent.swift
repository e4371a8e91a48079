extension HTTPCall {
    /// An event of a server-sent event stream (WHATWG HTML §9.2).
    public struct ServerSentEvent: Sendable, Hashable {
        /// What kind of event; `message` unless the server says otherwise.
        public let event: String
        /// What it says; lines are joined by LF.
        public let data: String
        /// The last id that the server gave, with this event or before; "" if none. To be sent as Last-Event-ID when
        /// connecting again.
        public let id: String
        /// How long the server last asked clients to wait before they connect again; `nil` if it did not.
        public let retry: Duration?
    }

    /// The server-sent events of a body, as they come. One iteration by one task; dropping it gives up the body.
    ///
    /// UTF-8; what is not valid becomes U+FFFD. Comments are left out. An event that the end of the body cuts off is
    /// none, as the standard says.
    public struct ServerSentEvents: AsyncSequence, Sendable {
        let body: BodyStream
        let maxEventBytes: Int

        /// Iterates the events.
        public func makeAsyncIterator() -> Iterator {
            Iterator(
                lines: LineReader(body, .any, maxLineBytes: maxEventBytes),
                parser: ServerSentEventParser(maxEventBytes: maxEventBytes))
        }

        /// Takes the events one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate var lines: LineReader
            fileprivate var parser: ServerSentEventParser

            /// The next event, or `nil` at the end. Throws ``ClientError``, of code `event_too_large` or
            /// `line_too_long` at the limit, or `CancellationError`.
            public mutating func next() async throws -> ServerSentEvent? {
                while let line = try await lines.next() {
                    do {
                        if let event = try parser.take(line) { return event }
                    } catch {
                        throw lines.fail(
                            .eventTooLarge, "An event has more than \(lines.maxLineBytes) bytes; raise maxEventBytes.")
                    }
                }
                return nil
            }

            /// As ``next()``, on the caller's actor: a `for` loop asks here.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws -> ServerSentEvent? {
                try await next()
            }

            /// The id to send as Last-Event-ID when connecting again; "" if there was none.
            public var lastEventID: String { parser.lastEventID }
            /// How long to wait before connecting again; `nil` if the server did not say.
            public var reconnectionTime: Duration? { parser.reconnectionTime }
        }
    }
}
