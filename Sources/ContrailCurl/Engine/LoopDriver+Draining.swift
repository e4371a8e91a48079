import CContrailCurlShim
import ContrailBase
import ContrailCore

/// Bodies that nobody wants to the end: a short rest is read and thrown away, so that the connection is kept.
extension LoopDriver {
    /// A rest up to this costs less than a new connection.
    fileprivate static let longestRest: Int64 = 64 * 1024
    /// A peer that takes longer to send so little is not worth waiting for.
    private static let longestDrain = Duration.seconds(1)

    /// The consumer of a stream gives up. True if the rest is read; otherwise the transfer has to end here.
    func drain(_ transfer: Transfer) -> Bool {
        guard let slot = transfer.slot, let pipe = transfer.pipe, slot.canBeDrained else { return false }
        let ended = Self.readClock()
        let summary = slot.summary(of: transfer, ended: ended)
        pipe.finish(.failure(TransportError.cancelled(summary)), summary: summary)
        deliveries.append(pipe)
        transfer.pipe = nil
        transfer.isDraining = true
        timers.set(transfer, to: ended + Self.longestDrain)
        slot.discardBody()
        return true
    }
}

extension Slot {
    /// The length of the rest is known and small.
    fileprivate var canBeDrained: Bool {
        // A body that nobody wants an answer to need not go out to its end.
        if isUploading, !hasHandedAll { return false }
        let rest = unsafe contrail_slot_rest(raw)
        return hasCompleteHead && rest >= 0 && rest <= LoopDriver.longestRest
    }

    /// From here on what comes is thrown away. What libcurl held back comes inside the call.
    fileprivate func discardBody() { unsafe contrail_slot_discard(raw) }
}
