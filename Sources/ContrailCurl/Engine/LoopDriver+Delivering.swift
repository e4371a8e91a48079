import ContrailBase

/// How what has come reaches the tasks that wait for it.
extension LoopDriver {
    /// Behind the turn's work, so that libcurl does not wait for consumers.
    func wakeConsumers() {
        loop.counters.turned(opened: core.socketsOpened, closed: core.socketsClosed, waiting: gate.waitingCount)
        if pace.isWaiting { lookAfterRelay() }
        if deliveries.count > 0 { lastDeliveries = deliveries.count }
        if pace.leavesToRelay(deliveries.count, at: Self.readClock()) {
            if relay.hand(&deliveries) { pace.hasBegun() }
            pace.handedOver(at: Self.readClock())
        } else {
            deliveries.deliver()
        }
        wakeProducers()
    }

    /// When the loop must not sleep any longer; `nil`: the relay needs no looking after.
    func relayDeadline() -> MonotonicInstant? {
        guard pace.isWaiting else { return nil }
        if relay.hasBegun { pace.hasBegun() }
        return pace.deadline
    }

    private func lookAfterRelay() {
        if relay.hasBegun {
            pace.hasBegun()
        } else if pace.isLate(at: Self.readClock()) {
            takeBack()
        }
    }

    private func takeBack() {
        var late = relay.takeBack()
        late.deliver()
    }

    func wakeConsumersFinally() {
        relay.end()
        takeBack()
        deliveries.deliver()
        wakeProducers()
    }
}
