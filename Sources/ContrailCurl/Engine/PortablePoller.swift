import CContrailCurlShim

/// libcurl's own waiting, for platforms without epoll.
///
// SAFETY: `raw` never changes. Its functions are called on the loop's thread only, except contrail_portable_wake, which
// has a lock of its own against the replacing of the multi handle; EventLoop calls it under the lock under which it
// forgets the poller before close. PollerTests.wakesMeetNoHandleThatIsReplaced tries to break it.
@safe final class PortablePoller: Poller, @unchecked Sendable {
    private let raw: OpaquePointer

    /// Throws if the machine is out of memory.
    init() throws(OutOfResources) {
        var error: Int32 = 0
        guard let portable = unsafe contrail_portable_create(&error) else { throw OutOfResources(errorNumber: error) }
        unsafe raw = portable
    }

    func makeCore(maxConnections: Int) -> LoopCore? {
        unsafe LoopCore.make(epoll: nil, portable: raw, maxConnections: maxConnections)
    }

    func wake() { unsafe contrail_portable_wake(raw) }

    func close() { unsafe contrail_portable_destroy(raw) }
}
