import CContrailCurlShim

/// What a loop waits on. One implementation per way of waiting; nothing else in the engine knows which.
protocol Poller: AnyObject, Sendable {
    /// Makes the multi handle that this poller drives; `nil` if memory is out.
    func makeCore(maxConnections: Int) -> LoopCore?
    /// Waits until a socket is ready, ``wake()`` is called or `milliseconds` are over (`nil`: no limit), and lets
    /// libcurl act on what is ready. Loop thread only. Returns false if waiting is no longer possible.
    func turn(_ core: LoopCore, milliseconds: Int32?) -> Bool
    /// Ends the wait in progress or the next one. From any thread; never after ``close()``.
    func wake()
    /// Gives the descriptors back. The cores it made must be destroyed.
    func close()
}

/// epoll, and an eventfd to wake it.
///
// SAFETY: `raw` never changes. Its functions are called on the loop's thread only, except contrail_epoll_wake, which
// only writes to a descriptor; EventLoop calls it under the same lock under which it forgets the poller before close.
@safe final class EpollPoller: Poller, @unchecked Sendable {
    private let raw: OpaquePointer

    /// Throws if the machine is out of descriptors or memory.
    init() throws(OutOfResources) {
        var error: Int32 = 0
        guard let epoll = unsafe contrail_epoll_create(&error) else { throw OutOfResources(errorNumber: error) }
        unsafe raw = epoll
    }

    func makeCore(maxConnections: Int) -> LoopCore? {
        unsafe LoopCore.make(epoll: raw, maxConnections: maxConnections)
    }

    func turn(_ core: LoopCore, milliseconds: Int32?) -> Bool {
        unsafe contrail_epoll_turn(raw, core.raw.pointee.multi, milliseconds ?? -1) >= 0
    }

    func wake() { unsafe contrail_epoll_wake(raw) }

    func close() { unsafe contrail_epoll_destroy(raw) }
}

/// The machine would not give what a loop needs.
struct OutOfResources: Error {
    /// An errno value.
    let errorNumber: Int32
}
