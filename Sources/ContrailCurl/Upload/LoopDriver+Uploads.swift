import ContrailBase
import ContrailCore

/// Request bodies on their way out.
extension LoopDriver {
    typealias Problem = UploadPipe.Problem

    /// The connection is there: the source may be asked for bytes, the peer has to take them.
    func openUpload(_ upload: Upload) {
        guard !upload.isOver else { return }
        upload.pipe?.open()
        upload.lastProgress = now
        list(upload)
        watch(upload)
    }

    /// libcurl took bytes, or found none.
    func noteSent(_ upload: Upload, _ slot: Slot) {
        guard !upload.isOver else { return }
        upload.lastProgress = now
        upload.lastCount = slot.uploadedBytes
        list(upload)
    }

    /// The final head came while the body was still going out. From 300 on libcurl sends no more of it (RFC 9112 §9.5),
    /// so the source need not bring more; and libcurl waits for ever for a paused upload unless it is told to go on.
    func stopUpload(_ upload: Upload, _ slot: Slot) {
        guard slot.status >= 300, !upload.isOver else { return }
        endUpload(upload)
        if slot.isUploadPaused { slot.resumeUpload() }
    }

    func resumeUpload(_ transfer: Transfer) {
        guard transfer.state == .running, let upload = transfer.upload, !upload.isOver, let slot = transfer.slot,
            slot.isUploadPaused
        else { return }
        upload.lastProgress = now
        slot.resumeUpload()
    }

    func failUpload(_ transfer: Transfer, _ problem: Problem) {
        guard transfer.state == .running, let upload = transfer.upload, !upload.isOver else { return }
        switch problem {
        case .concurrent:
            fail(transfer, .requestBodyFailed, "the source of the request body brings two chunks at the same time")
        case .failed(let cause):
            fail(transfer, .requestBodyFailed, "the source of the request body failed", cause: cause)
        case .tooShort(let brought, let promised):
            fail(transfer, .requestBodyLength, "the request body has \(brought) bytes, \(promised) were promised")
        case .tooLong(let promised):
            fail(transfer, .requestBodyLength, "the request body has more than the \(promised) bytes promised")
        }
    }

    /// Nobody wants more of the body. Once; the producer hears of it behind the work of this turn.
    func endUpload(_ upload: Upload) {
        guard !upload.isOver else { return }
        upload.isOver = true
        uploadTimers.remove(upload)
        upload.pipe?.close()
        list(upload)
    }

    func wakeProducers() {
        for upload in uploadsWithNews {
            upload.isListed = false
            upload.pipe?.wakeProducer()
        }
        uploadsWithNews.removeAll(keepingCapacity: true)
    }

    private func list(_ upload: Upload) {
        guard upload.pipe != nil, !upload.isListed else { return }
        upload.isListed = true
        uploadsWithNews.append(upload)
    }

    // MARK: A peer that takes nothing

    func checkUploads() {
        while let upload = uploadTimers.popDue(now) {
            guard !upload.isOver, let slot = upload.transfer.slot else { continue }
            check(upload, slot)
        }
    }

    private func check(_ upload: Upload, _ slot: Slot) {
        let count = slot.uploadedBytes
        // How many bytes the framing of chunks adds is libcurl's; there, all is out when nothing moves any more.
        if upload.length.map({ count >= $0 }) ?? (slot.hasHandedAll && count == upload.lastCount) { return }
        if slot.isUploadPaused {
            // Waiting for the source is not the peer's silence. But a peer that goes meanwhile would not be noticed.
            upload.lastProgress = now
            if slot.hasPeerClosed {
                let place = upload.transfer.place
                return fail(upload.transfer, .connectionReset, "\(place) closed before the request body was complete")
            }
        } else if count > upload.lastCount {
            upload.lastProgress = now
        } else if now - upload.lastProgress >= upload.idleTimeout {
            let silent = now - upload.lastProgress
            return fail(
                upload.transfer, .idleWriteTimeout,
                "\(upload.transfer.place) took no byte of the request body for \(silent)")
        }
        upload.lastCount = count
        watch(upload)
    }

    /// The count of bytes is looked at several times per limit: libcurl does not say when it changes.
    private func watch(_ upload: Upload) {
        let interval = min(max(upload.idleTimeout / 8, .milliseconds(1)), Self.longestBlindness)
        uploadTimers.set(upload, to: min(upload.lastProgress + upload.idleTimeout, now + interval))
    }

    /// For so long the peer of a paused upload may be gone unnoticed.
    private static let longestBlindness = Duration.milliseconds(250)
}
