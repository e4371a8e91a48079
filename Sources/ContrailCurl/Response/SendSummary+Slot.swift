import CContrailCurlShim
import ContrailBase
import ContrailCore

extension SendSummary {
    /// What is known of a transfer that libcurl never saw.
    init(_ transfer: Transfer, started: MonotonicInstant?, ended: MonotonicInstant?) {
        self.init(submitted: transfer.submitted)
        self.started = started
        self.ended = ended
    }
}

extension Slot {
    /// What the callbacks wrote down, as a summary.
    func summary(of transfer: Transfer, ended: MonotonicInstant?) -> SendSummary {
        var summary = SendSummary(transfer, started: transfer.started, ended: ended)
        // SAFETY: read on the loop's thread; the slot is valid, see Slot.
        unsafe summary.lookupStarted = Self.instant(raw.pointee.lookup_at)
        unsafe summary.connectStarted = Self.instant(raw.pointee.connect_at)
        unsafe summary.connected = Self.instant(raw.pointee.connected_at)
        unsafe summary.secured = Self.instant(raw.pointee.secured_at)
        summary.handshakeStarted =
            summary.secured != nil ? summary.connected : unfinishedHandshake(of: transfer)
        unsafe summary.requestStarted = Self.instant(raw.pointee.request_at)
        unsafe summary.firstByte = Self.instant(raw.pointee.first_byte_at)
        unsafe summary.headCompleted = Self.instant(raw.pointee.head_at)
        summary.interimResponses = interimResponses()
        unsafe summary.wireSends = Int(raw.pointee.wire_sends)
        unsafe summary.connectionReused = raw.pointee.connection_reused
        unsafe summary.responseBodyBytes = contrail_slot_raw_bytes(raw)
        if isUploading {
            summary.uploadStarted = summary.requestStarted
            // libcurl never asks for the first of no bytes.
            let isEmpty = transfer.upload?.length == 0
            unsafe summary.uploaded = isEmpty ? summary.requestStarted : Self.instant(raw.pointee.upload.done_at)
            unsafe summary.requestBodyBytes = raw.pointee.upload.handed
        } else if summary.wireSends > 0 {
            summary.requestBodyBytes = Int64(transfer.body?.count ?? 0)
        }
        if summary.wireSends > 0 {
            unsafe summary.peerAddress = String(cString: contrail_slot_peer_address(raw))
            unsafe summary.peerPort = Int(raw.pointee.peer_port)
        }
        return summary
    }

    /// When a TLS handshake that is still under way began.
    private func unfinishedHandshake(of transfer: Transfer) -> MonotonicInstant? {
        transfer.origin.scheme == .https ? unsafe Self.instant(contrail_slot_tcp_up_at(raw)) : nil
    }

    static func instant(_ nanoseconds: Int64) -> MonotonicInstant? {
        nanoseconds == 0 ? nil : MonotonicInstant(nanoseconds: nanoseconds)
    }
}

extension LoopCounters {
    /// Counts what a slot did in the transfer that is over.
    func sent(_ slot: Slot) {
        // SAFETY: read on the loop's thread; the slot is valid, see Slot.
        guard unsafe slot.raw.pointee.wire_sends > 0 else { return }
        unsafe sent(reused: slot.raw.pointee.connection_reused)
    }
}
