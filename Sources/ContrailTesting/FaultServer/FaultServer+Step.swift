extension FaultServer {
    /// One thing that a server does in answer to a request.
    public struct Step: Sendable {
        let perform: @Sendable (Exchange) -> Void

        /// Sends this text as it is. Lines of a head end with `\r\n`.
        public static func send(_ text: String) -> Step { send(bytes: Array(text.utf8)) }

        /// Sends these bytes as they are.
        public static func send(bytes: [UInt8]) -> Step { Step { $0.send(bytes) } }

        /// Sends `text` again and again, `times` times or (`nil`) until the client has had enough, and waits for
        /// `interval` in between.
        public static func send(_ text: String, every interval: Duration, times: Int? = nil) -> Step {
            `repeat`(Array(text.utf8), every: interval, times: times)
        }

        /// As ``send(_:every:times:)``.
        public static func `repeat`(_ bytes: [UInt8], every interval: Duration = .zero, times: Int? = nil) -> Step {
            Step { exchange in
                var left = times ?? .max
                while left > 0, exchange.send(bytes) {
                    left -= 1
                    if left > 0, interval > .zero { exchange.wait(interval) }
                }
            }
        }

        /// Sends a whole response: status, `headers` as lines that end with `\r\n`, its length, and the body.
        public static func respond(_ status: Int = 200, headers: String = "", body: String = "") -> Step {
            Step { $0.respond(status, headers: headers, body: body) }
        }

        /// Waits so long, or until the client leaves. Rounded up to milliseconds.
        public static func wait(_ duration: Duration) -> Step { Step { $0.wait(duration) } }

        /// Waits until the gate is open.
        public static func wait(for gate: Gate) -> Step { Step { $0.wait(for: gate) } }

        /// Says nothing more until the client leaves; what it sends is read and forgotten.
        public static let silence = Step { $0.hang() }

        /// Reads nothing and says nothing until the client leaves.
        public static let ignore = Step { $0.ignore() }

        /// Reads the rest of the body.
        public static let readBody = Step { $0.readBody() }

        /// Reads so much of the body.
        public static func readBody(atMost bytes: Int) -> Step { Step { $0.readBody(atMost: bytes) } }

        /// Reads the body until the client sends nothing for so long.
        public static func readBody(untilSilentFor duration: Duration) -> Step {
            Step { $0.readBody(untilSilentFor: duration) }
        }

        /// Reads whatever comes, once, without taking it for HTTP.
        public static let readAnything = Step { $0.receive() }

        /// Closes the connection: what was sent still arrives, provided that the whole request was read.
        public static let close = Step { $0.finish() }

        /// Says that nothing more will come, but goes on reading until the client leaves.
        public static let closeSending = Step { exchange in
            exchange.closeSending()
            exchange.hang()
        }

        /// Closes the connection with a reset: the client gets an error, maybe before it has read what was sent.
        public static let reset = Step { $0.reset() }

        /// Calls `serve` on the connection's thread, where it may block.
        public static func run(_ serve: @escaping @Sendable (Exchange) -> Void) -> Step { Step(perform: serve) }
    }
}
