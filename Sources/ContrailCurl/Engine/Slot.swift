import CContrailCurlShim
import ContrailBase

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A pooled easy handle with what the callbacks wrote about its transfer.
///
// SAFETY: a slot is made, used and destroyed by the thread of one loop; the pointer is valid from `make` to `destroy`,
// and LoopDriver lets go of a slot before it destroys it.
@safe struct Slot {
    let raw: UnsafeMutablePointer<contrail_slot>

    /// `nil` if memory is out.
    static func make(in loop: LoopCore) -> Slot? {
        unsafe contrail_slot_create(loop.raw).map { unsafe Slot(raw: $0) }
    }

    func destroy() { unsafe contrail_slot_destroy(raw) }

    /// Takes `transfer` in, which must stay alive until ``release()``.
    func begin(_ limits: contrail_limits, for transfer: Transfer) {
        unsafe contrail_slot_begin(raw, limits, Unmanaged.passUnretained(transfer).toOpaque())
    }

    /// Sets the handle's options back.
    func reset() -> CURLcode { unsafe contrail_slot_reset(raw) }

    /// What kind of request the options stand for. What a failed transfer left behind is not relied on.
    var form: RequestForm {
        get { RequestForm(rawValue: unsafe raw.pointee.form) }
        nonmutating set { unsafe raw.pointee.form = newValue.rawValue }
    }

    func release() { unsafe contrail_slot_release(raw) }

    /// The transfer that runs in the slot.
    var transfer: Transfer? {
        // SAFETY: owner is set by prepare and cleared by release; in between LoopDriver.live holds the transfer.
        unsafe raw.pointee.owner.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    var isPaused: Bool { unsafe raw.pointee.paused }
    var hasCompleteHead: Bool { unsafe raw.pointee.head_state == CONTRAIL_HEAD_COMPLETE }
    var hasBody: Bool { unsafe raw.pointee.body_count > 0 }

    /// What nobody has taken yet counts against the high-water mark.
    func setOutstanding(_ bytes: Int) { unsafe raw.pointee.body_outstanding = bytes }

    /// Lets a paused transfer go on; what libcurl held back is delivered inside the call.
    func resume() { unsafe contrail_slot_resume(raw) }

    /// The body collected so far, without copying it.
    func takeBody() -> ByteChunk {
        var count = 0
        guard let start = unsafe contrail_slot_take_body(raw, &count) else { return .empty }
        // SAFETY: the slot gave up its only reference; malloc made the block, so free ends it.
        return unsafe ByteChunk(
            adopting: UnsafeMutableRawBufferPointer(start: start, count: count),
            deallocate: { unsafe free($0.baseAddress) })
    }

    /// A copy of the head: the lines without CR, each ended by LF.
    func headBytes() -> [UInt8] {
        let count = unsafe raw.pointee.head_count
        guard let start = unsafe raw.pointee.head, count > 0 else { return [] }
        // SAFETY: head holds at least head_count bytes, and nothing else runs on this thread meanwhile.
        return unsafe start.withMemoryRebound(to: UInt8.self, capacity: count) { bytes in
            unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
        }
    }

    /// What libcurl wrote about the failure; "" if nothing.
    var errorText: String { unsafe String(cString: contrail_slot_error_text(raw)) }
}
