extension FaultServer {
    /// One request and the connection it came on, for plans that are code. Calls block the connection's thread only, and
    /// return when the client leaves or the server stops.
    public final class Exchange {
        /// The head, and what was read of the body by then.
        public private(set) var request: ReceivedRequest
        /// True once the connection is to be closed, or the client has left.
        public private(set) var isOver = false

        private let connection: LoopbackConnection
        private let state: FaultServerState
        private var input: LoopbackInput
        private var framing: BodyFraming

        init(
            _ request: ReceivedRequest, _ framing: BodyFraming, _ input: LoopbackInput,
            _ connection: LoopbackConnection,
            _ state: FaultServerState
        ) {
            self.request = request
            self.framing = framing
            self.input = input
            self.connection = connection
            self.state = state
        }

        // MARK: Sending

        /// Sends all of `text`; false if the client has left.
        @discardableResult
        public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        /// Sends all of `bytes`; false if the client has left.
        @discardableResult
        public func send(_ bytes: [UInt8]) -> Bool {
            guard !isOver else { return false }
            if !connection.send(bytes) { isOver = true }
            return !isOver
        }

        /// As ``send(_:)-([UInt8])``, but gives up when the client takes nothing for so many milliseconds.
        package func send(_ bytes: [UInt8], within milliseconds: Int) -> Bool {
            connection.limitSending(milliseconds: milliseconds)
            return send(bytes)
        }

        /// Sends a whole response: status, `headers` as lines that end with `\r\n`, its length, and the body.
        public func respond(_ status: Int = 200, headers: String = "", body: String = "") {
            send(ResponseText.whole(status, headers: headers, body: body))
        }

        // MARK: Waiting

        /// Waits so long; false if the client has left or the server stops.
        @discardableResult
        public func wait(_ duration: Duration) -> Bool {
            guard !isOver else { return false }
            if !connection.wait(milliseconds: duration.milliseconds) { isOver = true }
            return !isOver
        }

        /// Waits until the gate is open; false if the server stops.
        @discardableResult
        public func wait(for gate: Gate) -> Bool {
            guard !isOver else { return false }
            if !state.wait(for: gate) { isOver = true }
            return !isOver
        }

        /// Says nothing until the client leaves.
        public func hang() {
            connection.drain()
            isOver = true
        }

        /// Says nothing until the client leaves, and reads nothing.
        public func ignore() {
            while wait(.seconds(3600)) {}
        }

        // MARK: Reading

        /// Reads the body, at most so many bytes of what is left.
        public func readBody(atMost bytes: Int = .max) { read(atMost: bytes, waiting: nil) }

        /// Reads the body until the client sends nothing for so long.
        public func readBody(untilSilentFor duration: Duration) { read(atMost: .max, waiting: duration.milliseconds) }

        /// Takes whatever comes next, at most so many bytes, framing included; it is not recorded. Empty once the client
        /// has left.
        @discardableResult
        public func receive(atMost bytes: Int = 65536) -> [UInt8] {
            let received = input.nextBytes(atMost: bytes)
            if received.isEmpty { isOver = true }
            return received
        }

        private func read(atMost limit: Int, waiting milliseconds: Int?) {
            var left = limit
            while left > 0, !isOver {
                switch input.next(of: &framing, atMost: left, waiting: milliseconds) {
                case .bytes(let bytes):
                    left -= bytes.count
                    state.add(bytes, to: request.number)
                    request.body += bytes
                    request.bodyBytes += Int64(bytes.count)
                case .complete:
                    if !request.isComplete { state.complete(request.number) }
                    request.isComplete = true
                    return
                case .silence: return
                case .broken: isOver = true
                }
            }
        }

        /// What is left for the next request.
        func takeInput() -> LoopbackInput { input }

        // MARK: Ending

        /// Closes the connection behind what was sent.
        public func finish() { isOver = true }

        /// Says that nothing more will come; the client may still send.
        public func closeSending() { connection.closeSending() }

        /// Closes the connection with a reset.
        public func reset() {
            connection.resetOnClose()
            isOver = true
        }
    }
}

extension Duration {
    /// Rounded up: a wait is never shorter than it was said to be.
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        return Int(clamping: seconds &* 1000 &+ whole &+ (rest > 0 ? 1 : 0))
    }
}
