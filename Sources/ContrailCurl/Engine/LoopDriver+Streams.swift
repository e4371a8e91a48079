import ContrailBase
import ContrailCore

/// Heads and chunks on their way to consumers.
extension LoopDriver {
    func handUpHead(_ transfer: Transfer, _ slot: Slot) {
        guard transfer.pipe == nil, !transfer.isDraining else { return }
        let summary = slot.summary(of: transfer, ended: nil)
        let pipe = BodyPipe(transfer, loop: loop, summary: summary)
        transfer.pipe = pipe
        transfer.answer = .success(
            WireResponse(head: slot.head(), body: .stream(CurlBodyStream(pipe)), summary: summary))
        deliveries.append(transfer)
    }

    /// Moves what has arrived to the consumer's side; goes on at once if the consumer was faster than the pause.
    func passOn(_ transfer: Transfer, _ slot: Slot) {
        guard let pipe = transfer.pipe else { return }
        let shouldResume = pipe.offer(slot.takeBody(), isPaused: slot.isPaused)
        deliveries.append(pipe)
        slot.setOutstanding(pipe.outstanding)
        if shouldResume { resume(transfer) }
    }

    func resume(_ transfer: Transfer) {
        guard transfer.state == .running, let slot = transfer.slot, let pipe = transfer.pipe, slot.isPaused else {
            return
        }
        transfer.resumed = now
        slot.setOutstanding(pipe.outstanding)
        slot.resume()
    }
}
