import CContrailCurlShim
import ContrailBase

/// The multi handle of a loop, with its timer and its news.
///
// SAFETY: made, used and destroyed by whoever has the loop's turn; the pointer is valid from `make` to `destroy`.
@safe struct LoopCore {
    let raw: UnsafeMutablePointer<contrail_loop>

    /// `nil` if memory or descriptors are out. One of `epoll` and `portable` is given and must outlive the loop.
    static func make(epoll: OpaquePointer?, portable: OpaquePointer?, maxConnections: Int) -> LoopCore? {
        unsafe contrail_loop_create(epoll, portable, maxConnections).map { unsafe LoopCore(raw: $0) }
    }

    /// Closes all connections. Every slot must have been destroyed.
    func destroy() { unsafe contrail_loop_destroy(raw) }

    /// Closes all connections and starts afresh. Only while no transfer runs.
    func recycle(maxConnections: Int) { unsafe _ = contrail_loop_recycle(raw, maxConnections) }

    /// When libcurl wants to be called; `nil`: not by the clock.
    var timer: MonotonicInstant? {
        let at = unsafe raw.pointee.timer_at
        return at == .max ? nil : MonotonicInstant(nanoseconds: at)
    }

    var socketsOpened: UInt64 { unsafe raw.pointee.sockets_opened }
    var socketsClosed: UInt64 { unsafe raw.pointee.sockets_closed }

    /// True if libcurl took it.
    func add(_ slot: Slot) -> Bool { unsafe contrail_loop_add(raw, slot.raw) == CURLM_OK }
    func remove(_ slot: Slot) { unsafe contrail_loop_remove(raw, slot.raw) }

    /// Runs what is due. `force` runs libcurl's timers in any case, once.
    func runTimers(force: Bool) {
        if force { unsafe raw.pointee.timer_at = 0 }
        unsafe contrail_loop_run_timers(raw, 64)
    }

    /// Waits until a socket is ready, the poller is woken or `milliseconds` are over (`nil`: no limit). Returns how much is
    /// ready; `nil`: waiting is no longer possible.
    func wait(milliseconds: Int32?) -> Int32? {
        let ready = unsafe contrail_loop_wait(raw, milliseconds ?? -1)
        return ready >= 0 ? ready : nil
    }

    /// Begins a turn, and lets libcurl act on what is `ready` by the last wait; 0 if there was none.
    func beginTurn(_ ready: Int32) { unsafe contrail_loop_begin(raw, ready) }

    /// Ends a turn. `waits`: ``wait(milliseconds:)`` comes next.
    func endTurn(waits: Bool) { unsafe contrail_loop_end(raw, waits) }

    /// The next transfer that is over and its result.
    func nextDone() -> (slot: Slot, result: CURLcode)? {
        var result = CURLE_OK
        guard let slot = unsafe contrail_loop_next_done(raw, &result) else { return nil }
        return unsafe (Slot(raw: slot), result)
    }

    /// The next transfer with news.
    func nextNews() -> (slot: Slot, news: News)? {
        var bits: UInt32 = 0
        guard let slot = unsafe contrail_loop_next_news(raw, &bits) else { return nil }
        return unsafe (Slot(raw: slot), News(rawValue: bits))
    }

    /// What happened to a transfer since the loop last looked.
    struct News: OptionSet {
        let rawValue: UInt32
        static var connected: News { News(rawValue: UInt32(CONTRAIL_NEWS_CONNECTED)) }
        static var head: News { News(rawValue: UInt32(CONTRAIL_NEWS_HEAD)) }
        static var body: News { News(rawValue: UInt32(CONTRAIL_NEWS_BODY)) }
        static var paused: News { News(rawValue: UInt32(CONTRAIL_NEWS_PAUSED)) }
        static var broken: News { News(rawValue: UInt32(CONTRAIL_NEWS_BROKEN)) }
        static var sent: News { News(rawValue: UInt32(CONTRAIL_NEWS_SENT)) }
    }
}
