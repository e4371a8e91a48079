import CContrailCurlShim

#if os(Linux) || os(Android)
    /// epoll, and an eventfd to wake it.
    ///
    // SAFETY: `raw` never changes. Its functions are called by who has the loop's turn, except contrail_epoll_wait, which is its
    // thread's and shares nothing with the others (contrail_epoll.h), and contrail_epoll_wake, which
    // only writes to a descriptor; EventLoop calls it under the lock under which it forgets the poller before close.
    @safe final class EpollPoller: Poller, @unchecked Sendable {
        private let raw: OpaquePointer

        /// Throws if the machine is out of descriptors or memory.
        init() throws(OutOfResources) {
            var error: Int32 = 0
            guard let epoll = unsafe contrail_epoll_create(&error) else { throw OutOfResources(errorNumber: error) }
            unsafe raw = epoll
        }

        func makeCore(maxConnections: Int) -> LoopCore? {
            unsafe LoopCore.make(epoll: raw, portable: nil, maxConnections: maxConnections)
        }

        func wake() { unsafe contrail_epoll_wake(raw) }

        func close() { unsafe contrail_epoll_destroy(raw) }
    }
#endif
