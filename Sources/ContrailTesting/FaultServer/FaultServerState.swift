import ContrailBase

/// What the connections of a ``FaultServer`` share: the script, the record, and the waits that its end cuts short.
final class FaultServerState: Sendable {
    private let script: Locked<FaultScript>
    private let board: Noticeboard<FaultRecorder>
    private let latches = Locked((isStopped: false, waiting: [ObjectIdentifier: Latch]()))

    init(_ plan: FaultServer.Plan, _ configuration: FaultServer.Configuration) {
        script = Locked(FaultScript(plan))
        board = Noticeboard(FaultRecorder(configuration), stopped: FaultServerError.stopped)
    }

    func stop() {
        let waiting = latches.withLock { latches in
            latches.isStopped = true
            defer { latches.waiting = [:] }
            return Array(latches.waiting.values)
        }
        for latch in waiting { latch.open() }
        board.close()
    }

    // MARK: Script

    func change(_ body: (inout FaultScript) -> Void) { script.withLock { body(&$0) } }

    func stepsOnConnect(_ connection: Int) -> [FaultServer.Step]? { script.withLock { $0.stepsOnConnect(connection) } }

    /// What to do with a request. A plan's own choice is made outside the lock.
    func response(to request: FaultServer.ReceivedRequest) -> FaultServer.Plan.Response {
        let (plan, turn) = script.withLock { $0.takeTurn(for: request) }
        return plan.response(to: request, turn: turn)
    }

    // MARK: Record

    var record: FaultServer.Record { board.content.record }

    func connected() { board.announce { $0.connected() } }

    func disconnected() { board.announce { $0.disconnected() } }

    func begin(_ head: RequestHeadText, connection: Int, numberOnConnection: Int) -> FaultServer.ReceivedRequest {
        let line = head.requestLine
        return board.announce {
            $0.begin(
                method: line?.method ?? "", target: line?.target ?? "", head: head.text, connection: connection,
                numberOnConnection: numberOnConnection)
        }
    }

    func add(_ bytes: [UInt8], to number: Int) { board.announce { $0.add(bytes, to: number) } }

    func complete(_ number: Int) { board.announce { $0.complete(number) } }

    func wait(timeout: Duration, until condition: @escaping @Sendable (FaultServer.Record) -> Bool) async throws {
        try await board.wait(timeout: timeout) { recorder in
            condition(recorder.record) ? .done(()) : .more(FaultServerError.timeout)
        }
    }

    // MARK: Waiting of connections

    /// Blocks until the gate opens; false if the server stops first.
    func wait(for gate: FaultServer.Gate) -> Bool {
        let latch = Latch()
        let isStopped = latches.withLock { latches in
            if !latches.isStopped { latches.waiting[ObjectIdentifier(latch)] = latch }
            return latches.isStopped
        }
        guard !isStopped else { return false }
        gate.add(latch)
        latch.wait()
        gate.remove(latch)
        return latches.withLock { latches in
            latches.waiting[ObjectIdentifier(latch)] = nil
            return !latches.isStopped
        }
    }
}
