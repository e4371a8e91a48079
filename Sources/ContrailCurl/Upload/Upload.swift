import CContrailCurlShim
import ContrailBase
import ContrailCore

/// A request body that goes out in its own time, in more than one write: large, or from a source.
///
// SAFETY: the `let`s are shared; every `var` belongs to the loop's thread.
final class Upload: HeapMember, @unchecked Sendable {
    /// What goes out with the head in one write (libcurl's MAX_INITIAL_POST_SIZE); needs none of this.
    static let largestAtOnce = 64 * 1024

    /// Bytes in memory; then there is no pipe.
    let bytes: ByteChunk?
    let pipe: UploadPipe?
    let length: Int64?
    let idleTimeout: Duration
    /// Not owned: the transfer owns this.
    unowned let transfer: Transfer

    var heapIndex = -1
    /// When the peer last took bytes, or nobody had any for it.
    var lastProgress = MonotonicInstant(nanoseconds: 0)
    var lastCount: Int64 = 0
    var isOver = false
    var isListed = false

    /// `nil`: the body is none, or small.
    init?(_ request: WireRequest, of transfer: Transfer) {
        guard let body = request.body, body.bytes.map({ $0.count > Self.largestAtOnce }) ?? true else { return nil }
        bytes = body.bytes
        pipe = body.bytes == nil ? UploadPipe(length: body.length) : nil
        length = body.length
        idleTimeout = request.idleWriteTimeout
        self.transfer = transfer
    }

    /// For a transfer that no loop has, or has no longer.
    func abandon() {
        pipe?.close()
        pipe?.wakeProducer()
    }
}

extension Slot {
    /// Makes the request carry the body of `upload`, which must live until the slot is released.
    func attach(_ upload: Upload) -> CURLcode {
        // SAFETY: the bytes are the transfer's, which lives as long as it is the slot's owner.
        let start = unsafe upload.bytes?.withUnsafeBytes { $0.baseAddress }
        return unsafe contrail_slot_upload(
            raw, upload.length ?? -1, start, upload.bytes?.count ?? 0, upload.pipe == nil ? nil : pullUpload)
    }

    var isUploading: Bool { unsafe raw.pointee.upload.active }
    var isUploadPaused: Bool { unsafe raw.pointee.upload.paused }
    /// libcurl has taken the last byte of the body.
    var hasHandedAll: Bool { unsafe raw.pointee.upload.done_at != 0 }
    /// Bytes of the body that went to the socket.
    var uploadedBytes: Int64 { unsafe contrail_slot_uploaded(raw) }
    var hasPeerClosed: Bool { unsafe contrail_slot_peer_closed(raw) }
    var status: Int { unsafe Int(raw.pointee.status) }

    /// Lets a paused upload go on.
    func resumeUpload() { unsafe contrail_slot_resume_upload(raw) }
}

/// libcurl asks for more, on the loop's thread.
///
// SAFETY: `owner` is the slot's transfer, which lives until the slot is released. The chunk stays in the pipe until the
// next call, and with it the memory.
private func pullUpload(
    _ owner: UnsafeMutableRawPointer?, _ bytes: UnsafeMutablePointer<UnsafeRawPointer?>,
    _ count: UnsafeMutablePointer<Int>
) -> contrail_pulled {
    guard let owner = unsafe owner,
        let pipe = unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue().upload?.pipe
    else { return CONTRAIL_PULLED_NOTHING }
    switch pipe.pull() {
    case .chunk(let chunk, let isLast):
        unsafe bytes.pointee = unsafe chunk.withUnsafeBytes { $0.baseAddress }
        unsafe count.pointee = chunk.count
        return isLast ? CONTRAIL_PULLED_LAST : CONTRAIL_PULLED_CHUNK
    case .end: return CONTRAIL_PULLED_LAST
    case .nothing: return CONTRAIL_PULLED_NOTHING
    }
}
