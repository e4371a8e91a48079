import CContrailCurlShim
import ContrailBase
import ContrailCore

/// The clock's part in a transfer's life; ``TimeLimits`` decides.
extension LoopDriver {
    /// Sets the moment of the next look at the transfer's limits.
    func watch(_ transfer: Transfer) {
        guard let look = transfer.limits.nextLook(transfer.progress, after: now) else { return }
        timers.set(transfer, to: look)
    }

    func fireTimeouts() {
        while let transfer = timers.popDue(now) {
            if transfer.isDraining {
                fail(transfer, .cancelled, TransportError.cancelledMessage)
                continue
            }
            guard let limit = transfer.limits.passed(transfer.progress, at: now) else {
                watch(transfer)
                continue
            }
            fail(transfer, limit)
        }
    }

    private func fail(_ transfer: Transfer, _ limit: TimeLimits.Passed) {
        let summary =
            transfer.slot?.summary(of: transfer, ended: nil) ?? SendSummary(transfer, started: nil, ended: nil)
        fail(transfer, limit.kind, limit.message(transfer.place, transfer.limits, summary.phase))
    }
}

extension Transfer {
    /// How far it is, as the callbacks wrote it down.
    var progress: TimeLimits.Progress {
        var progress = TimeLimits.Progress(started: started)
        guard let slot else { return progress }
        // SAFETY: read on the loop's thread; the slot is valid, see Slot.
        progress.connected = unsafe Slot.instant(slot.raw.pointee.request_at)
        // With a body that takes its time, the request is out when the body is.
        progress.requestSent =
            slot.isUploading ? unsafe Slot.instant(slot.raw.pointee.upload.done_at) : progress.connected
        progress.headCompleted = unsafe Slot.instant(slot.raw.pointee.head_at)
        let read = unsafe MonotonicInstant(nanoseconds: slot.raw.pointee.last_read_at)
        progress.lastRead = max(read, resumed)
        progress.isPaused = slot.isPaused
        return progress
    }
}
