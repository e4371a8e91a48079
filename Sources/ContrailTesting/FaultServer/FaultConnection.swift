/// Serves one connection of a ``FaultServer`` to its end, on the connection's thread.
struct FaultConnection {
    private let connection: LoopbackConnection
    private let state: FaultServerState

    init(_ connection: LoopbackConnection, _ state: FaultServerState) {
        self.connection = connection
        self.state = state
    }

    func serve() {
        state.connected()
        defer { state.disconnected() }
        if let steps = state.stepsOnConnect(connection.number) { return serveUnread(steps) }
        var input = LoopbackInput(connection)
        var number = 0
        while case .head(let text) = input.nextHead() {
            number += 1
            guard let next = answer(RequestHeadText(text), number, input) else { return }
            input = next
        }
    }

    /// Answers a request; returns what is left of the input, or `nil` if the connection is over.
    private func answer(_ head: RequestHeadText, _ number: Int, _ input: LoopbackInput) -> LoopbackInput? {
        let request = state.begin(head, connection: connection.number, numberOnConnection: number)
        let framing = BodyFraming(
            contentLength: head.first("content-length"), transferEncoding: head.first("transfer-encoding"))
        guard let framing else {
            connection.send(Array(ResponseText.whole(400, headers: "", body: "").utf8))
            return nil
        }
        let response = state.response(to: request)
        let exchange = FaultServer.Exchange(request, framing, input, connection, state)
        if response.moment == .afterRequest {
            if head.first("expect") != nil { exchange.send("HTTP/1.1 100 Continue\r\n\r\n") }
            exchange.readBody()
        }
        for step in response.steps where !exchange.isOver { step.perform(exchange) }
        if !exchange.isOver { exchange.readBody() }
        // Who asks for the close waits for it (RFC 9112 §9.6).
        let wantsClose = head.first("connection")?.lowercased() == "close"
        return exchange.isOver || wantsClose ? nil : exchange.takeInput()
    }

    /// Before anything is read there is no request; the steps get an empty one, which is not recorded.
    private func serveUnread(_ steps: [FaultServer.Step]) {
        guard let framing = BodyFraming(contentLength: nil, transferEncoding: nil) else { return }
        let request = FaultServer.ReceivedRequest(
            number: .max, connection: connection.number, numberOnConnection: 0, method: "", target: "", head: "")
        let exchange = FaultServer.Exchange(request, framing, LoopbackInput(connection), connection, state)
        for step in steps where !exchange.isOver { step.perform(exchange) }
    }
}
