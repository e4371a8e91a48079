import ContrailBase
import ContrailCore

/// Heads and chunks on their way to consumers.
extension LoopDriver {
    func handUpHead(_ transfer: Transfer, _ slot: Slot) {
        guard transfer.pipe == nil else { return }
        let summary = slot.summary(of: transfer, ended: nil)
        let pipe = BodyPipe(transfer, loop: loop, summary: summary)
        transfer.pipe = pipe
        transfer.lastProgress = now
        transfer.answer = .success(
            WireResponse(head: slot.head(), body: .stream(CurlBodyStream(pipe)), summary: summary))
        answered.append(transfer)
        awaitBody(transfer, since: now)
    }

    /// The timer of a stream: whichever comes first, too long a silence or the end of its time.
    func awaitBody(_ transfer: Transfer, since instant: MonotonicInstant) {
        let idle = instant + transfer.idleReadTimeout
        timers.set(transfer, to: transfer.bodyDeadline.map { min($0, idle) } ?? idle)
    }

    /// Moves what has arrived to the consumer's side; goes on at once if the consumer was faster than the pause.
    func passOn(_ transfer: Transfer, _ slot: Slot) {
        guard let pipe = transfer.pipe else { return }
        transfer.lastProgress = now
        let shouldResume = pipe.offer(slot.takeBody(), isPaused: slot.isPaused)
        pipesWithNews.append(pipe)
        slot.setOutstanding(pipe.outstanding)
        if shouldResume { resume(transfer) }
    }

    func resume(_ transfer: Transfer) {
        guard transfer.state == .running, let slot = transfer.slot, let pipe = transfer.pipe, slot.isPaused else {
            return
        }
        transfer.lastProgress = now
        awaitBody(transfer, since: now)
        slot.setOutstanding(pipe.outstanding)
        slot.resume()
    }
}
